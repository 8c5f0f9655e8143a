/* libsrtp as Python hands it in. */
#ifndef OFFHOOK_SRTP_FUNCTIONS_H
#define OFFHOOK_SRTP_FUNCTIONS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* use_srtp(protect, unprotect, protect_rtcp, unprotect_rtcp, remove_stream, dealloc): their addresses. */
PyObject *srtp_use_functions(PyObject *module, PyObject *arguments);

#endif
