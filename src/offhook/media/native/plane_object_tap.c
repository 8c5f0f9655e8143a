#include <string.h>

#include "plane_object.h"

PyObject *plane_object_tap(PlaneObject *self, PyObject *arguments)
{
    unsigned long long id;
    unsigned int wanted;
    if (!PyArg_ParseTuple(arguments, "KI:tap", &id, &wanted))
        return NULL;
    tap *opened = tap_open(1);
    if (!opened)
        return PyErr_NoMemory();
    port *found = plane_object_port(self, id);
    if (found) {
        if (!found->tap) {
            found->tap = opened;
            opened = NULL;
        }
        found->tap->wanted = wanted < TAP_FRAMES / 2 ? wanted : TAP_FRAMES / 2;
        plane_leave(&self->plane);
    }
    tap_close(opened);
    if (!found)
        return NULL;
    Py_RETURN_NONE;
}

PyObject *plane_object_untap(PlaneObject *self, PyObject *argument)
{
    port *found = plane_object_port(self, PyLong_AsUnsignedLongLong(argument));
    if (!found)
        return NULL;
    tap *closed = found->tap;
    found->tap = NULL;
    plane_leave(&self->plane);
    tap_close(closed);
    Py_RETURN_NONE;
}

static size_t waiting_frames(PlaneObject *self, unsigned long long id)
{
    port *found = plane_object_port(self, id);
    size_t count = found && found->tap ? found->tap->count : 0;
    if (found)
        plane_leave(&self->plane);
    return count;
}

/* Moves up to `limit` frames to where they belong; how many there were. */
static size_t move_frames(PlaneObject *self, unsigned long long id, size_t limit, char *inbound, char *outbound,
                          char *received)
{
    enum { FRAME = 2 * RTP_FRAME_SAMPLES };
    port *found = plane_object_port(self, id);
    if (!found)
        return 0;
    size_t count = 0;
    tap_frame frame;
    while (found->tap && count < limit && tap_take(found->tap, &frame)) {
        memcpy(inbound + count * FRAME, frame.inbound, FRAME);
        memcpy(outbound + count * FRAME, frame.outbound, FRAME);
        received[count++] = (char)(frame.is_received | frame.is_noise << 1);
    }
    if (found->tap)
        found->tap->is_told = false;
    plane_leave(&self->plane);
    return count;
}

/* All frames that wait: inbound and outbound samples, and an octet for each frame: 1 when packets came, 2 more when it
 * is comfort noise. */
PyObject *plane_object_hear(PlaneObject *self, PyObject *argument)
{
    enum { FRAME = 2 * RTP_FRAME_SAMPLES };
    unsigned long long id = PyLong_AsUnsignedLongLong(argument);
    Py_ssize_t count = (Py_ssize_t)waiting_frames(self, id);
    if (PyErr_Occurred())
        return NULL;
    PyObject *inbound = PyBytes_FromStringAndSize(NULL, count * FRAME);
    PyObject *outbound = PyBytes_FromStringAndSize(NULL, count * FRAME);
    PyObject *received = PyBytes_FromStringAndSize(NULL, count);
    if (inbound && outbound && received &&
        (Py_ssize_t)move_frames(self, id, (size_t)count, PyBytes_AS_STRING(inbound), PyBytes_AS_STRING(outbound),
                                PyBytes_AS_STRING(received)) == count)
        return Py_BuildValue("NNN", inbound, outbound, received);
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_RuntimeError, "two readers took frames of one port");
    Py_XDECREF(inbound);
    Py_XDECREF(outbound);
    Py_XDECREF(received);
    return NULL;
}
