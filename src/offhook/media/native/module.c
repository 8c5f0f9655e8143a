/* offhook.media._native: the plane as a Python type. Only media/engine.py imports it; the types are in _native.pyi. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "codec_functions.h"
#include "plane.h"
#include "rtcp.h"

typedef struct {
    PyObject_HEAD
    plane plane;
    bool is_open;
} PlaneObject;

/* --- the lock, and what stands behind it ------------------------------------------------------------------------ */

static void enter(PlaneObject *self)
{
    Py_BEGIN_ALLOW_THREADS
    plane_enter(&self->plane);
    Py_END_ALLOW_THREADS
}

/* Enters and finds a port; NULL with an exception set, and not entered, when there is none. */
static port *enter_port(PlaneObject *self, unsigned long long id)
{
    enter(self);
    port *found = plane_find(&self->plane, id);
    if (found)
        return found;
    plane_leave(&self->plane);
    PyErr_Format(PyExc_KeyError, "no port %llu", id);
    return NULL;
}

static void release_owner(void *owner)
{
    if (!owner)
        return;
    PyBuffer_Release(owner);
    PyMem_Free(owner);
}

static void discard_playbacks(port *port)
{
    playback *done;
    player_stop(&port->player);
    while ((done = player_done(&port->player))) {
        release_owner(done->owner);
        playback_free(done);
    }
}

/* --- ports ------------------------------------------------------------------------------------------------------ */

static PyObject *plane_open(PlaneObject *self, PyObject *arguments)
{
    const char *host;
    unsigned short low, high, start;
    if (!PyArg_ParseTuple(arguments, "sHHH:open", &host, &low, &high, &start))
        return NULL;
    if (!self->is_open)
        return PyErr_Format(PyExc_ValueError, "the plane has been shut down");
    address local;
    if (!address_read(&local, host, 0))
        return PyErr_Format(PyExc_ValueError, "not a numeric address: %s", host);
    port *opened = calloc(1, sizeof *opened);
    if (!opened)
        return PyErr_NoMemory();
    if (!port_bind(opened, &local, low, high, start)) {
        free(opened);
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    enter(self);
    bool is_adopted = plane_adopt(&self->plane, opened);
    uint64_t id = opened->id;
    uint16_t number = opened->number;
    plane_leave(&self->plane);
    if (is_adopted)
        return Py_BuildValue("KH", (unsigned long long)id, number);
    port_close(opened);
    free(opened);
    return PyErr_SetFromErrno(PyExc_OSError);
}

static PyObject *plane_agree(PlaneObject *self, PyObject *arguments)
{
    unsigned long long id;
    const char *host;
    unsigned short number, rtcp_number;
    int law, payload_type, telephone_event, may_send, may_receive;
    Py_buffer kinds;
    if (!PyArg_ParseTuple(arguments, "KzHHiiippy*:agree", &id, &host, &number, &rtcp_number, &law, &payload_type,
                          &telephone_event, &may_send, &may_receive, &kinds))
        return NULL;
    agreement agreed = {
        .agreed = true,
        .may_send = may_send,
        .may_receive = may_receive,
        .law = law == LAW_PCMA ? LAW_PCMA : LAW_PCMU,
        .payload_type = payload_type & 0x7f,
        .telephone_event = telephone_event < 0 ? -1 : telephone_event & 0x7f,
        .rtcp_port = rtcp_number,
    };
    bool fits = kinds.len == sizeof agreed.kinds;
    if (fits)
        memcpy(agreed.kinds, kinds.buf, sizeof agreed.kinds);
    PyBuffer_Release(&kinds);
    address announced = {.length = 0};
    if (!fits || (host && !address_read(&announced, host, number)))
        return PyErr_Format(PyExc_ValueError, "not an agreement: %s", host ? host : "");
    port *found = enter_port(self, id);
    if (!found)
        return NULL;
    port_agree(found, &agreed, &announced, plane_now_us());
    plane_leave(&self->plane);
    Py_RETURN_NONE;
}

static PyObject *plane_join(PlaneObject *self, PyObject *arguments)
{
    unsigned long long one_id, other_id;
    if (!PyArg_ParseTuple(arguments, "KK:connect", &one_id, &other_id))
        return NULL;
    port *one = enter_port(self, one_id);
    if (!one)
        return NULL;
    port *other = plane_find(&self->plane, other_id);
    if (other && other != one)
        plane_connect(one, other);
    plane_leave(&self->plane);
    if (!other || other == one)
        return PyErr_Format(PyExc_KeyError, "no other port %llu", other_id);
    Py_RETURN_NONE;
}

static PyObject *plane_part(PlaneObject *self, PyObject *argument)
{
    port *found = enter_port(self, PyLong_AsUnsignedLongLong(argument));
    if (!found)
        return NULL;
    plane_disconnect(found);
    plane_leave(&self->plane);
    Py_RETURN_NONE;
}

static PyObject *plane_play(PlaneObject *self, PyObject *arguments)
{
    unsigned long long id, playback_id, loops;
    Py_buffer *samples = PyMem_Malloc(sizeof *samples);
    if (!samples)
        return PyErr_NoMemory();
    if (!PyArg_ParseTuple(arguments, "KKy*K:play", &id, &playback_id, samples, &loops)) {
        PyMem_Free(samples);
        return NULL;
    }
    port *found = enter_port(self, id);
    playback *added = NULL;
    if (found) {
        added = player_add_sound(&found->player, playback_id, samples->buf, (size_t)samples->len / 2, loops);
        if (added)
            added->owner = samples;
        plane_leave(&self->plane);
    }
    if (added)
        Py_RETURN_NONE;
    release_owner(samples);
    return found ? PyErr_NoMemory() : NULL;
}

static PyObject *plane_play_digits(PlaneObject *self, PyObject *arguments)
{
    unsigned long long id, playback_id;
    const char *digits;
    if (!PyArg_ParseTuple(arguments, "KKs:play_digits", &id, &playback_id, &digits))
        return NULL;
    port *found = enter_port(self, id);
    if (!found)
        return NULL;
    playback *added = player_add_digits(&found->player, playback_id, digits);
    plane_leave(&self->plane);
    if (!added)
        return PyErr_NoMemory();
    Py_RETURN_NONE;
}

static PyObject *plane_stop_playing(PlaneObject *self, PyObject *argument)
{
    port *found = enter_port(self, PyLong_AsUnsignedLongLong(argument));
    if (!found)
        return NULL;
    player_stop(&found->player);
    port_tell_done(found, &self->plane.events);
    plane_leave(&self->plane);
    Py_RETURN_NONE;
}

static PyObject *plane_close_port(PlaneObject *self, PyObject *argument)
{
    port *found = enter_port(self, PyLong_AsUnsignedLongLong(argument));
    if (!found)
        return NULL;
    rtcp_leave(found, &self->plane.moment);
    plane_remove(&self->plane, found);
    plane_leave(&self->plane);
    char remote[ADDRESS_TEXT];
    address_print(&found->latch.remote, remote);
    PyObject *statistics = Py_BuildValue(
        "KKKdsKKK", (unsigned long long)found->received, (unsigned long long)found->sender.packets,
        (unsigned long long)port_lost(found), found->source.jitter * 1000 / RTP_CLOCK_RATE, remote,
        (unsigned long long)found->malformed, (unsigned long long)found->unwanted,
        (unsigned long long)found->strangers);
    discard_playbacks(found);
    port_close(found);
    free(found);
    return statistics;
}

/* --- events ----------------------------------------------------------------------------------------------------- */

static PyObject *build_event(const event *told)
{
    char remote[ADDRESS_TEXT];
    unsigned long long id = told->port;
    switch (told->kind) {
    case EVENT_DIGIT:
        return Py_BuildValue("iKs#d", told->kind, id, &told->digit, (Py_ssize_t)1, told->duration);
    case EVENT_FINISHED:
        return Py_BuildValue("iKKO", told->kind, id, (unsigned long long)told->playback,
                             told->stopped ? Py_True : Py_False);
    case EVENT_BEGUN:
        address_print(&told->remote, remote);
        return Py_BuildValue("iKs", told->kind, id, remote);
    case EVENT_SILENCED:
        return Py_BuildValue("iKd", told->kind, id, told->silence);
    }
    return PyErr_Format(PyExc_SystemError, "no event of kind %d", (int)told->kind);
}

static PyObject *plane_drain(PlaneObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *told = PyList_New(0);
    event next;
    while (told) {
        enter(self);
        bool is_some = plane_next_event(&self->plane, &next);
        pthread_mutex_unlock(&self->plane.lock); /* not plane_leave: the reader is awake */
        if (!is_some)
            break;
        PyObject *built = build_event(&next);
        if (next.kind == EVENT_FINISHED)
            release_owner(next.owner);
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
    enter(self);
    lateness late = self->plane.lateness;
    uint64_t dropped = self->plane.events.dropped;
    pthread_mutex_unlock(&self->plane.lock);
    return Py_BuildValue("KKdK", (unsigned long long)late.ticks, (unsigned long long)late.missed,
                         (double)late.worst_us / 1e6, (unsigned long long)dropped);
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
    for (size_t slot = 0; slot < self->plane.capacity; slot++) {
        port *left = self->plane.ports[slot];
        if (!left)
            continue;
        plane_remove(&self->plane, left);
        discard_playbacks(left);
        port_close(left);
        free(left);
    }
    event next;
    while (plane_next_event(&self->plane, &next))
        if (next.kind == EVENT_FINISHED)
            release_owner(next.owner);
}

static PyObject *plane_shut_down(PlaneObject *self, PyObject *Py_UNUSED(ignored))
{
    shut_down(self);
    Py_RETURN_NONE;
}

static PyObject *plane_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"seed", "silence", NULL};
    unsigned long long seed;
    double silence;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "Kd:Plane", names, &seed, &silence))
        return NULL;
    if (!(silence > 0 && silence < 1e9))
        return PyErr_Format(PyExc_ValueError, "silence must be a positive number of seconds");
    PlaneObject *self = (PlaneObject *)type->tp_alloc(type, 0);
    if (!self)
        return NULL;
    self->is_open = plane_start(&self->plane, seed, (uint64_t)(silence * 1e6));
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
    {"open", (PyCFunction)plane_open, METH_VARARGS, NULL},
    {"agree", (PyCFunction)plane_agree, METH_VARARGS, NULL},
    {"connect", (PyCFunction)plane_join, METH_VARARGS, NULL},
    {"disconnect", (PyCFunction)plane_part, METH_O, NULL},
    {"play", (PyCFunction)plane_play, METH_VARARGS, NULL},
    {"play_digits", (PyCFunction)plane_play_digits, METH_VARARGS, NULL},
    {"stop", (PyCFunction)plane_stop_playing, METH_O, NULL},
    {"close", (PyCFunction)plane_close_port, METH_O, NULL},
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
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_native", .m_size = -1, .m_methods = functions};

PyMODINIT_FUNC PyInit__native(void)
{
    g711_prepare();
    PyObject *module = PyModule_Create(&definition);
    PyObject *type = module ? PyType_FromSpec(&plane_spec) : NULL;
    if (!type || PyModule_AddObject(module, "Plane", type) != 0) {
        Py_XDECREF(type);
        Py_CLEAR(module);
    }
    return module;
}
