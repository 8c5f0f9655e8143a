/* The search for voice as a Python object. */
#ifndef OFFHOOK_VOICE_OBJECT_H
#define OFFHOOK_VOICE_OBJECT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* Adds the type to the module; false with an exception set. */
int voice_object_add(PyObject *module);

#endif
