/* The libraries of wide codecs as Python hands them in. */
#ifndef OFFHOOK_CODEC_LIBRARIES_H
#define OFFHOOK_CODEC_LIBRARIES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* use_g722 and use_opus: the addresses of the functions, in the order of g722_library and opus_library. */
PyObject *codec_use_g722(PyObject *module, PyObject *arguments);
PyObject *codec_use_opus(PyObject *module, PyObject *arguments);

#endif
