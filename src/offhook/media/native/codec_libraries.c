#include "codec_libraries.h"

#include "g722.h"
#include "opus.h"

/* C11 has no conversion between addresses of data and of functions; POSIX has, for dlsym. */
static void *at(unsigned long long address)
{
    return (void *)(uintptr_t)address;
}

PyObject *codec_use_g722(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    unsigned long long to[6];
    if (!PyArg_ParseTuple(arguments, "KKKKKK:use_g722", &to[0], &to[1], &to[2], &to[3], &to[4], &to[5]))
        return NULL;
    g722_library library = {
        .encode_init = (void *(*)(void *, int, int))at(to[0]),
        .encode = (int (*)(void *, uint8_t *, const int16_t *, int))at(to[1]),
        .encode_free = (int (*)(void *))at(to[2]),
        .decode_init = (void *(*)(void *, int, int))at(to[3]),
        .decode = (int (*)(void *, int16_t *, const uint8_t *, int))at(to[4]),
        .decode_free = (int (*)(void *))at(to[5]),
    };
    g722_use(&library);
    Py_RETURN_NONE;
}

PyObject *codec_use_opus(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    unsigned long long to[7];
    if (!PyArg_ParseTuple(arguments, "KKKKKKK:use_opus", &to[0], &to[1], &to[2], &to[3], &to[4], &to[5], &to[6]))
        return NULL;
    opus_library library = {
        .encoder_create = (void *(*)(int32_t, int, int, int *))at(to[0]),
        .encoder_ctl = (int (*)(void *, int, ...))at(to[1]),
        .encode = (int32_t(*)(void *, const int16_t *, int, unsigned char *, int32_t))at(to[2]),
        .encoder_destroy = (void (*)(void *))at(to[3]),
        .decoder_create = (void *(*)(int32_t, int, int *))at(to[4]),
        .decode = (int (*)(void *, const unsigned char *, int32_t, int16_t *, int, int))at(to[5]),
        .decoder_destroy = (void (*)(void *))at(to[6]),
    };
    opus_use(&library);
    Py_RETURN_NONE;
}
