/* offhook.media._native: the plane as a Python type. Only media/engine.py imports it; the types are in _native.pyi. */
#include <math.h>

#include "codec_functions.h"
#include "codec_libraries.h"
#include "plane_object.h"
#include "voice_object.h"
#include "srtp_functions.h"

/* --- events ----------------------------------------------------------------------------------------------------- */

static PyObject *build_event(const event *told)
{
    char remote[ADDRESS_TEXT];
    unsigned long long id = told->port;
    switch (told->kind) {
    case EVENT_DIGIT:
        return Py_BuildValue("iKs#dO", told->kind, id, &told->digit, (Py_ssize_t)1, told->duration,
                             told->is_tone ? Py_True : Py_False);
    case EVENT_FINISHED:
        return Py_BuildValue("iKKO", told->kind, id, (unsigned long long)told->playback,
                             told->stopped ? Py_True : Py_False);
    case EVENT_BEGUN:
        address_print(&told->remote, remote);
        return Py_BuildValue("iKs", told->kind, id, remote);
    case EVENT_SILENCED:
        return Py_BuildValue("iKd", told->kind, id, told->silence);
    case EVENT_TAPPED:
        return Py_BuildValue("iK", told->kind, id);
    }
    return PyErr_Format(PyExc_SystemError, "no event of kind %d", (int)told->kind);
}

static PyObject *plane_drain(PlaneObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *told = PyList_New(0);
    event next;
    while (told) {
        plane_object_enter(self);
        bool is_some = plane_next_event(&self->plane, &next);
        pthread_mutex_unlock(&self->plane.lock); /* not plane_leave: the reader is awake */
        if (!is_some)
            break;
        PyObject *built = build_event(&next);
        if (next.kind == EVENT_FINISHED)
            plane_object_release(next.owner);
        if (!built || PyList_Append(told, built) != 0)
            Py_CLEAR(told);
        Py_XDECREF(built);
    }
    return told;
}

static PyObject *plane_fileno(PlaneObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyLong_FromLong(self->plane.news[0]);
}

static PyObject *plane_lateness(PlaneObject *self, PyObject *Py_UNUSED(ignored))
{
    plane_object_enter(self);
    lateness late = self->plane.lateness;
    uint64_t dropped = self->plane.events.dropped;
    pthread_mutex_unlock(&self->plane.lock);
    PyObject *counts = PyTuple_New(LATENESS_BUCKETS);
    for (Py_ssize_t at = 0; counts && at < LATENESS_BUCKETS; at++) {
        PyObject *bucket = Py_BuildValue("dK", at + 1 < LATENESS_BUCKETS ? (double)lateness_bounds[at] / 1e6 : INFINITY,
                                         (unsigned long long)late.counts[at]);
        if (bucket)
            PyTuple_SET_ITEM(counts, at, bucket);
        else
            Py_CLEAR(counts);
    }
    if (!counts)
        return NULL;
    return Py_BuildValue("KddKN", (unsigned long long)late.missed, (double)late.worst_us / 1e6,
                         (double)late.sum_us / 1e6, (unsigned long long)dropped, counts);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static void shut_down(PlaneObject *self)
{
    if (!self->is_open)
        return;
    self->is_open = false;
    Py_BEGIN_ALLOW_THREADS
    plane_stop(&self->plane);
    Py_END_ALLOW_THREADS
    while (self->plane.ports.count > 0) {
        size_t at = 0;
        while (!self->plane.ports.ports[at])
            at++;
        port *left = self->plane.ports.ports[at];
        plane_remove(&self->plane, left);
        plane_object_discard(&left->player);
        port_close(left);
        free(left);
    }
    plane_object_clear_mixes(self);
    event next;
    while (plane_next_event(&self->plane, &next))
        if (next.kind == EVENT_FINISHED)
            plane_object_release(next.owner);
}

static PyObject *plane_shut_down(PlaneObject *self, PyObject *Py_UNUSED(ignored))
{
    shut_down(self);
    Py_RETURN_NONE;
}

static PyObject *plane_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"seed", "silence", "report", NULL};
    unsigned long long seed;
    double silence, report = 5;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "Kd|d:Plane", names, &seed, &silence, &report))
        return NULL;
    if (!(silence > 0 && silence < 1e9 && report > 0 && report < 1e9))
        return PyErr_Format(PyExc_ValueError, "silence and report must be positive numbers of seconds");
    PlaneObject *self = (PlaneObject *)type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    self->is_open = plane_start(&self->plane, seed, (uint64_t)(silence * 1e6), (uint64_t)(report * 1e6));
    if (self->is_open)
        return (PyObject *)self;
    PyErr_SetFromErrno(PyExc_OSError);
    Py_DECREF(self);
    return NULL;
}

static void plane_deallocate(PlaneObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    shut_down(self);
    plane_free(&self->plane);
    type->tp_free((PyObject *)self);
    Py_DECREF(type);
}

static PyMethodDef plane_methods[] = {
    {"open", (PyCFunction)plane_object_open, METH_VARARGS, NULL},
    {"agree", (PyCFunction)plane_object_agree, METH_VARARGS, NULL},
    {"connect", (PyCFunction)plane_object_connect, METH_VARARGS, NULL},
    {"disconnect", (PyCFunction)plane_object_disconnect, METH_O, NULL},
    {"play", (PyCFunction)plane_object_play, METH_VARARGS, NULL},
    {"play_digits", (PyCFunction)plane_object_play_digits, METH_VARARGS, NULL},
    {"stop", (PyCFunction)plane_object_stop, METH_O, NULL},
    {"tap", (PyCFunction)plane_object_tap, METH_VARARGS, NULL},
    {"untap", (PyCFunction)plane_object_untap, METH_O, NULL},
    {"quality", (PyCFunction)plane_object_quality, METH_O, NULL},
    {"hear", (PyCFunction)plane_object_hear, METH_O, NULL},
    {"move", (PyCFunction)plane_object_move, METH_VARARGS, NULL},
    {"close", (PyCFunction)plane_object_close, METH_O, NULL},
    {"open_mix", (PyCFunction)plane_object_open_mix, METH_NOARGS, NULL},
    {"join", (PyCFunction)plane_object_join, METH_VARARGS, NULL},
    {"announce", (PyCFunction)plane_object_announce, METH_VARARGS, NULL},
    {"hush", (PyCFunction)plane_object_hush, METH_O, NULL},
    {"close_mix", (PyCFunction)plane_object_close_mix, METH_O, NULL},
    {"drain", (PyCFunction)plane_drain, METH_NOARGS, NULL},
    {"fileno", (PyCFunction)plane_fileno, METH_NOARGS, NULL},
    {"lateness", (PyCFunction)plane_lateness, METH_NOARGS, NULL},
    {"shut_down", (PyCFunction)plane_shut_down, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot plane_slots[] = {
    {Py_tp_new, plane_new},
    {Py_tp_dealloc, plane_deallocate},
    {Py_tp_methods, plane_methods},
    {0, NULL},
};

static PyType_Spec plane_spec = {
    .name = "offhook.media._native.Plane",
    .basicsize = sizeof(PlaneObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = plane_slots,
};

static PyMethodDef functions[] = {
    {"encode", codec_encode, METH_VARARGS, NULL},
    {"decode", codec_decode, METH_VARARGS, NULL},
    {"use_g722", codec_use_g722, METH_VARARGS, NULL},
    {"use_opus", codec_use_opus, METH_VARARGS, NULL},
    {"use_srtp", srtp_use_functions, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_native", .m_size = -1, .m_methods = functions};

PyMODINIT_FUNC PyInit__native(void)
{
    g711_prepare();
    halfband_prepare();
    PyObject *module = PyModule_Create(&definition);
    PyObject *type = module ? PyType_FromSpec(&plane_spec) : NULL;
    if (!type || !voice_object_add(module) || PyModule_AddObject(module, "Plane", type) != 0) {
        Py_XDECREF(type);
        Py_CLEAR(module);
    }
    return module;
}
