/* What a payload type stands for on one port. */
#ifndef OFFHOOK_PAYLOAD_KIND_H
#define OFFHOOK_PAYLOAD_KIND_H

typedef enum { PAYLOAD_UNWANTED, PAYLOAD_PCMU, PAYLOAD_PCMA, PAYLOAD_EVENT } payload_kind;

#endif
