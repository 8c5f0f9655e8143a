#include "srtp_functions.h"

#include "srtp.h"

PyObject *srtp_use_functions(PyObject *Py_UNUSED(module), PyObject *arguments)
{
    unsigned long long at[6];
    if (!PyArg_ParseTuple(arguments, "KKKKKK:use_srtp", &at[0], &at[1], &at[2], &at[3], &at[4], &at[5]))
        return NULL;
    srtp_library library = {
        .protect = (int (*)(void *, void *, int *))(uintptr_t)at[0],
        .unprotect = (int (*)(void *, void *, int *))(uintptr_t)at[1],
        .protect_rtcp = (int (*)(void *, void *, int *))(uintptr_t)at[2],
        .unprotect_rtcp = (int (*)(void *, void *, int *))(uintptr_t)at[3],
        .remove_stream = (int (*)(void *, uint32_t))(uintptr_t)at[4],
        .dealloc = (int (*)(void *))(uintptr_t)at[5],
    };
    srtp_use(&library);
    Py_RETURN_NONE;
}
