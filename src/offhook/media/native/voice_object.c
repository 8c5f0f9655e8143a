#include "voice_object.h"

#include "voice_activity.h"

typedef struct {
    PyObject_HEAD
    voice_activity voice;
} VoiceObject;

static PyObject *voice_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {NULL};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, ":VoiceActivity", names))
        return NULL;
    VoiceObject *self = (VoiceObject *)type->tp_alloc(type, 0);
    if (self)
        voice_activity_begin(&self->voice);
    return (PyObject *)self;
}

static void voice_deallocate(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

/* An octet for each whole frame of two stretches of sound that are equally long. Those who listen for voice pay for it,
 * in their own time: the plane's thread never comes here. */
static PyObject *voice_hear(VoiceObject *self, PyObject *arguments)
{
    enum { FRAME = 2 * VOICE_FRAME };
    Py_buffer heard, said, noise;
    if (!PyArg_ParseTuple(arguments, "y*y*y*:hear", &heard, &said, &noise))
        return NULL;
    PyObject *verdicts = NULL;
    if (heard.len == said.len && heard.len / FRAME == noise.len)
        verdicts = PyBytes_FromStringAndSize(NULL, heard.len / FRAME);
    else
        PyErr_SetString(PyExc_ValueError, "both directions must be equally long, and noise as many frames");
    for (Py_ssize_t at = 0; verdicts && at < heard.len / FRAME; at++)
        PyBytes_AS_STRING(verdicts)[at] =
            (char)voice_activity_hear(&self->voice, (const uint8_t *)heard.buf + at * FRAME,
                                      (const uint8_t *)said.buf + at * FRAME, ((const char *)noise.buf)[at]);
    PyBuffer_Release(&heard);
    PyBuffer_Release(&said);
    PyBuffer_Release(&noise);
    return verdicts;
}

static PyMethodDef methods[] = {
    {"hear", (PyCFunction)voice_hear, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, voice_new},
    {Py_tp_dealloc, voice_deallocate},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "offhook.media._native.VoiceActivity",
    .basicsize = sizeof(VoiceObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};

int voice_object_add(PyObject *module)
{
    voice_activity_prepare();
    PyObject *type = PyType_FromSpec(&spec);
    if (type && PyModule_AddObject(module, "VoiceActivity", type) == 0)
        return 1;
    Py_XDECREF(type);
    return 0;
}
