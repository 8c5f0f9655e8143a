/* The plane as a Python object: its commands, shared between the files of the binding. */
#ifndef OFFHOOK_PLANE_OBJECT_H
#define OFFHOOK_PLANE_OBJECT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plane.h"

typedef struct {
    PyObject_HEAD
    plane plane;
    bool is_open;
} PlaneObject;

/* Takes the plane's lock with the GIL released meanwhile. */
void plane_object_enter(PlaneObject *self);

/* Enters and finds a port; NULL with an exception set, and not entered, when there is none. */
port *plane_object_port(PlaneObject *self, unsigned long long id);

/* Lets go of the buffer that a playback's samples are in; needs the GIL. */
void plane_object_release(void *owner);

/* Empties a player, telling nobody. */
void plane_object_discard(player *player);

/* The commands of one port; their arguments are in _native.pyi. */
PyObject *plane_object_open(PlaneObject *self, PyObject *arguments);
PyObject *plane_object_agree(PlaneObject *self, PyObject *arguments);
PyObject *plane_object_connect(PlaneObject *self, PyObject *arguments);
PyObject *plane_object_disconnect(PlaneObject *self, PyObject *argument);
PyObject *plane_object_move(PlaneObject *self, PyObject *arguments);
PyObject *plane_object_play(PlaneObject *self, PyObject *arguments);
PyObject *plane_object_play_digits(PlaneObject *self, PyObject *arguments);
PyObject *plane_object_tap(PlaneObject *self, PyObject *arguments);
PyObject *plane_object_untap(PlaneObject *self, PyObject *argument);
PyObject *plane_object_hear(PlaneObject *self, PyObject *argument);
PyObject *plane_object_stop(PlaneObject *self, PyObject *argument);
PyObject *plane_object_close(PlaneObject *self, PyObject *argument);

/* How a port's sound comes and goes. */
PyObject *plane_object_quality(PlaneObject *self, PyObject *argument);

/* The commands of mixes. */
PyObject *plane_object_open_mix(PlaneObject *self, PyObject *ignored);
PyObject *plane_object_join(PlaneObject *self, PyObject *arguments);
PyObject *plane_object_announce(PlaneObject *self, PyObject *arguments);
PyObject *plane_object_hush(PlaneObject *self, PyObject *argument);
PyObject *plane_object_close_mix(PlaneObject *self, PyObject *argument);

/* Frees all mixes, when the thread has ended. */
void plane_object_clear_mixes(PlaneObject *self);

#endif
