#include "codec_functions.h"

#include "g711.h"

PyObject *codec_encode(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    int law;
    Py_buffer samples;
    if (!PyArg_ParseTuple(arguments, "iy*:encode", &law, &samples))
        return NULL;
    PyObject *octets = PyBytes_FromStringAndSize(NULL, samples.len / 2);
    if (octets)
        g711_encode(law == LAW_PCMA ? LAW_PCMA : LAW_PCMU, samples.buf, (size_t)samples.len / 2,
                    (uint8_t *)PyBytes_AS_STRING(octets));
    PyBuffer_Release(&samples);
    return octets;
}

PyObject *codec_decode(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    int law;
    Py_buffer octets;
    if (!PyArg_ParseTuple(arguments, "iy*:decode", &law, &octets))
        return NULL;
    PyObject *samples = PyBytes_FromStringAndSize(NULL, octets.len * 2);
    if (samples)
        g711_decode(law == LAW_PCMA ? LAW_PCMA : LAW_PCMU, octets.buf, (size_t)octets.len,
                    (uint8_t *)PyBytes_AS_STRING(samples));
    PyBuffer_Release(&octets);
    return samples;
}
