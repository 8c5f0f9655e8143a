#include "plane_object.h"

/* What came and what was lost of it, its jitter in seconds; what the peer says of ours: the fraction lost, how many,
 * and their jitter, None before it has said anything; and the round trip in seconds, None before it is known. */
PyObject *plane_object_quality(PlaneObject *self, PyObject *argument)
{
    port *found = plane_object_port(self, PyLong_AsUnsignedLongLong(argument));
    if (!found)
        return NULL;
    unsigned long long received = found->received, lost = port_lost(found);
    double jitter = found->source.jitter / RTP_CLOCK_RATE;
    rtcp_peer reports = found->reports;
    double clock_rate = (double)payload_clock(found->agreement.codec) * RTP_CLOCK_RATE;
    plane_leave(&self->plane);
    PyObject *heard = reports.has_reported ? Py_BuildValue("did", reports.fraction / 256.0, (int)reports.lost,
                                                           (double)reports.jitter / clock_rate)
                                           : Py_NewRef(Py_None);
    PyObject *trip = reports.is_timed ? PyFloat_FromDouble((double)reports.round_trip_us / 1e6) : Py_NewRef(Py_None);
    return Py_BuildValue("KKdNN", received, lost, jitter, heard, trip);
}
