/* G.711 as functions of the Python module. */
#ifndef OFFHOOK_CODEC_FUNCTIONS_H
#define OFFHOOK_CODEC_FUNCTIONS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* encode(law, samples) and decode(law, octets), bytes to bytes. */
PyObject *codec_encode(PyObject *module, PyObject *arguments);
PyObject *codec_decode(PyObject *module, PyObject *arguments);

#endif
