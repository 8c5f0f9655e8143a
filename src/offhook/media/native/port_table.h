/* Ports by id: a hash table without chains. Ids are counted up, so neighbours rarely meet. */
#ifndef OFFHOOK_PORT_TABLE_H
#define OFFHOOK_PORT_TABLE_H

#include "port.h"

typedef struct {
    port **ports;    /* `capacity` of them, a power of two; NULL where free */
    size_t capacity; /* at least twice the count */
    size_t count;
} port_table;

/* NULL when there is none of this id. */
port *port_table_find(const port_table *table, uint64_t id);

/* Adds a port by its id, which is new; false when memory is out. */
bool port_table_add(port_table *table, port *port);

/* Takes out a port that is in it. */
void port_table_remove(port_table *table, const port *port);

void port_table_free(port_table *table);

#endif
