#include "plane_object.h"

#include "g722.h"
#include "rtcp.h"

/* --- the lock, and what stands behind it ------------------------------------------------------------------------ */

void plane_object_enter(PlaneObject *self)
{
    Py_BEGIN_ALLOW_THREADS
    plane_enter(&self->plane);
    Py_END_ALLOW_THREADS
}

port *plane_object_port(PlaneObject *self, unsigned long long id)
{
    plane_object_enter(self);
    port *found = plane_find(&self->plane, id);
    if (found)
        return found;
    plane_leave(&self->plane);
    PyErr_Format(PyExc_KeyError, "no port %llu", id);
    return NULL;
}

void plane_object_release(void *owner)
{
    if (!owner)
        return;
    PyBuffer_Release(owner);
    PyMem_Free(owner);
}

void plane_object_discard(player *player)
{
    playback *done;
    player_stop(player);
    while ((done = player_done(player))) {
        plane_object_release(done->owner);
        playback_free(done);
    }
}

/* --- ports ------------------------------------------------------------------------------------------------------ */

PyObject *plane_object_open(PlaneObject *self, PyObject *arguments)
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
    plane_object_enter(self);
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

/* Of the codecs whose libraries are there. */
static bool is_audio(int kind)
{
    return kind == PAYLOAD_PCMU || kind == PAYLOAD_PCMA || (kind == PAYLOAD_G722 && g722_is_usable()) ||
           (kind == PAYLOAD_OPUS && opus_is_usable());
}

static bool is_known(int kind)
{
    return is_audio(kind) || kind == PAYLOAD_EVENT || kind == PAYLOAD_EVENT_48000 || payload_is_noise((payload_kind)kind);
}

PyObject *plane_object_agree(PlaneObject *self, PyObject *arguments)
{
    unsigned long long id;
    const char *host;
    unsigned short number, rtcp_number;
    int codec, payload_type, telephone_event, event, comfort_noise, noise, may_send, may_receive;
    unsigned long long sending, receiving;
    Py_buffer kinds;
    if (!PyArg_ParseTuple(arguments, "KzHHiiiiiippKKy*:agree", &id, &host, &number, &rtcp_number, &codec, &payload_type,
                          &telephone_event, &event, &comfort_noise, &noise, &may_send, &may_receive, &sending, &receiving, &kinds))
        return NULL;
    agreement agreed = {
        .agreed = true,
        .may_send = may_send,
        .may_receive = may_receive,
        .codec = (payload_kind)codec,
        .event = event == PAYLOAD_EVENT_48000 ? PAYLOAD_EVENT_48000 : PAYLOAD_EVENT,
        .payload_type = payload_type & 0x7f,
        .telephone_event = telephone_event < 0 ? -1 : telephone_event & 0x7f,
        .comfort_noise = comfort_noise < 0 ? -1 : comfort_noise & 0x7f,
        .noise = noise == PAYLOAD_NOISE_16000 ? PAYLOAD_NOISE_16000 : PAYLOAD_NOISE,
        .rtcp_port = rtcp_number,
    };
    bool fits = kinds.len == sizeof agreed.kinds && is_audio(codec);
    if (fits)
        memcpy(agreed.kinds, kinds.buf, sizeof agreed.kinds);
    for (size_t at = 0; at < sizeof agreed.kinds; at++)
        fits = fits && (agreed.kinds[at] == PAYLOAD_UNWANTED || is_known(agreed.kinds[at]));
    PyBuffer_Release(&kinds);
    terms terms = {.sending = (void *)(uintptr_t)sending, .receiving = (void *)(uintptr_t)receiving};
    if (!fits || !sending != !receiving || (host && !address_read(&terms.announced, host, number)))
        return PyErr_Format(PyExc_ValueError, "not an agreement: %s", host ? host : "");
    port *found = plane_object_port(self, id);
    if (!found)
        return NULL;
    terms.ssrc = (uint32_t)plane_random(&self->plane);
    port_agree(found, &agreed, &terms, plane_now_us());
    plane_leave(&self->plane);
    Py_RETURN_NONE;
}

PyObject *plane_object_connect(PlaneObject *self, PyObject *arguments)
{
    unsigned long long one_id, other_id;
    if (!PyArg_ParseTuple(arguments, "KK:connect", &one_id, &other_id))
        return NULL;
    port *one = plane_object_port(self, one_id);
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

PyObject *plane_object_disconnect(PlaneObject *self, PyObject *argument)
{
    port *found = plane_object_port(self, PyLong_AsUnsignedLongLong(argument));
    if (!found)
        return NULL;
    plane_disconnect(found);
    plane_leave(&self->plane);
    Py_RETURN_NONE;
}

/* Takes a port over from another plane, parted from whatever it was joined to. */
PyObject *plane_object_move(PlaneObject *self, PyObject *arguments)
{
    PlaneObject *from;
    unsigned long long id;
    if (!PyArg_ParseTuple(arguments, "O!K:move", Py_TYPE(self), &from, &id))
        return NULL;
    if (from == self || !self->is_open || !from->is_open)
        return PyErr_Format(PyExc_ValueError, "not another plane that is running");
    Py_BEGIN_ALLOW_THREADS
    plane_enter_both(&self->plane, &from->plane);
    Py_END_ALLOW_THREADS
    port *found = plane_find(&from->plane, id);
    bool is_moved = found && plane_move(&from->plane, &self->plane, found);
    int failure = errno;
    plane_leave(&from->plane);
    plane_leave(&self->plane);
    if (is_moved)
        Py_RETURN_NONE;
    errno = failure;
    return found ? PyErr_SetFromErrno(PyExc_OSError) : PyErr_Format(PyExc_KeyError, "no port %llu", id);
}

PyObject *plane_object_play(PlaneObject *self, PyObject *arguments)
{
    unsigned long long id, playback_id, loops;
    Py_buffer *samples = PyMem_Malloc(sizeof *samples);
    if (!samples)
        return PyErr_NoMemory();
    if (!PyArg_ParseTuple(arguments, "KKy*K:play", &id, &playback_id, samples, &loops)) {
        PyMem_Free(samples);
        return NULL;
    }
    port *found = plane_object_port(self, id);
    playback *added = NULL;
    if (found) {
        added = player_add_sound(&found->player, playback_id, samples->buf, (size_t)samples->len / 2, loops);
        if (added)
            added->owner = samples;
        plane_leave(&self->plane);
    }
    if (added)
        Py_RETURN_NONE;
    plane_object_release(samples);
    return found ? PyErr_NoMemory() : NULL;
}

PyObject *plane_object_play_digits(PlaneObject *self, PyObject *arguments)
{
    unsigned long long id, playback_id;
    const char *digits;
    if (!PyArg_ParseTuple(arguments, "KKs:play_digits", &id, &playback_id, &digits))
        return NULL;
    port *found = plane_object_port(self, id);
    if (!found)
        return NULL;
    playback *added = player_add_digits(&found->player, playback_id, digits);
    plane_leave(&self->plane);
    if (!added)
        return PyErr_NoMemory();
    Py_RETURN_NONE;
}

PyObject *plane_object_stop(PlaneObject *self, PyObject *argument)
{
    port *found = plane_object_port(self, PyLong_AsUnsignedLongLong(argument));
    if (!found)
        return NULL;
    player_stop(&found->player);
    port_tell_done(found, &self->plane.events);
    plane_leave(&self->plane);
    Py_RETURN_NONE;
}

PyObject *plane_object_close(PlaneObject *self, PyObject *argument)
{
    port *found = plane_object_port(self, PyLong_AsUnsignedLongLong(argument));
    if (!found)
        return NULL;
    rtcp_leave(found, self->plane.moment.tick, plane_now_us());
    plane_remove(&self->plane, found);
    plane_leave(&self->plane);
    char remote[ADDRESS_TEXT];
    address_print(&found->latch.remote, remote);
    PyObject *statistics = Py_BuildValue(
        "KKKdsKKKKK", (unsigned long long)found->received, (unsigned long long)found->sender.packets,
        (unsigned long long)port_lost(found), found->source.jitter * 1000 / RTP_CLOCK_RATE, remote,
        (unsigned long long)found->malformed, (unsigned long long)found->unwanted,
        (unsigned long long)found->strangers, (unsigned long long)found->unauthenticated,
        (unsigned long long)found->replayed);
    plane_object_discard(&found->player);
    port_close(found);
    free(found);
    return statistics;
}
