#include "plane_object.h"

PyObject *plane_object_open_mix(PlaneObject *self, PyObject *Py_UNUSED(ignored))
{
    if (!self->is_open)
        return PyErr_Format(PyExc_ValueError, "the plane has been shut down");
    plane_object_enter(self);
    mix *opened = plane_open_mix(&self->plane);
    unsigned long long id = opened ? opened->id : 0;
    plane_leave(&self->plane);
    return opened ? PyLong_FromUnsignedLongLong(id) : PyErr_NoMemory();
}

/* Enters and finds a mix; NULL with an exception set, and not entered, when there is none. */
static mix *enter_mix(PlaneObject *self, unsigned long long id)
{
    plane_object_enter(self);
    mix *found = plane_find_mix(&self->plane, id);
    if (found)
        return found;
    plane_leave(&self->plane);
    PyErr_Format(PyExc_KeyError, "no mix %llu", id);
    return NULL;
}

PyObject *plane_object_join(PlaneObject *self, PyObject *arguments)
{
    unsigned long long id, port_id, only_by;
    int is_heard, hears;
    if (!PyArg_ParseTuple(arguments, "KKppK:join", &id, &port_id, &is_heard, &hears, &only_by))
        return NULL;
    mix *found = enter_mix(self, id);
    if (!found)
        return NULL;
    mix_role role = {.is_heard = is_heard, .hears = hears, .only_by = only_by};
    port *joining = plane_find(&self->plane, port_id);
    if (joining && !(joining->member && joining->member->mix == found))
        plane_disconnect(joining);
    bool is_joined = joining && mix_join(found, joining, &role);
    plane_leave(&self->plane);
    if (is_joined)
        Py_RETURN_NONE;
    return joining ? PyErr_NoMemory() : PyErr_Format(PyExc_KeyError, "no port %llu", port_id);
}

PyObject *plane_object_announce(PlaneObject *self, PyObject *arguments)
{
    unsigned long long id, playback_id, loops;
    Py_buffer *samples = PyMem_Malloc(sizeof *samples);
    if (!samples)
        return PyErr_NoMemory();
    if (!PyArg_ParseTuple(arguments, "KKy*K:announce", &id, &playback_id, samples, &loops)) {
        PyMem_Free(samples);
        return NULL;
    }
    mix *found = enter_mix(self, id);
    playback *added = NULL;
    if (found) {
        added = player_add_sound(&found->announcer, playback_id, samples->buf, (size_t)samples->len / 2, loops);
        if (added)
            added->owner = samples;
        plane_leave(&self->plane);
    }
    if (added)
        Py_RETURN_NONE;
    plane_object_release(samples);
    return found ? PyErr_NoMemory() : NULL;
}

PyObject *plane_object_hush(PlaneObject *self, PyObject *argument)
{
    mix *found = enter_mix(self, PyLong_AsUnsignedLongLong(argument));
    if (!found)
        return NULL;
    player_stop(&found->announcer);
    mix_tell_done(found, &self->plane.events);
    plane_leave(&self->plane);
    Py_RETURN_NONE;
}

PyObject *plane_object_close_mix(PlaneObject *self, PyObject *argument)
{
    mix *found = enter_mix(self, PyLong_AsUnsignedLongLong(argument));
    if (!found)
        return NULL;
    plane_remove_mix(&self->plane, found);
    player_stop(&found->announcer);
    mix_tell_done(found, &self->plane.events);
    mix_close(found);
    plane_leave(&self->plane);
    Py_RETURN_NONE;
}

void plane_object_clear_mixes(PlaneObject *self)
{
    while (self->plane.mixes) {
        mix *left = self->plane.mixes;
        plane_remove_mix(&self->plane, left);
        plane_object_discard(&left->announcer);
        mix_close(left);
    }
}
