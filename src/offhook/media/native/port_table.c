#include "port_table.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 64 };

/* Where the id is, or would be. */
static size_t place(const port_table *table, uint64_t id)
{
    size_t at = id & (table->capacity - 1);
    while (table->ports[at] && table->ports[at]->id != id)
        at = (at + 1) & (table->capacity - 1);
    return at;
}

port *port_table_find(const port_table *table, uint64_t id)
{
    return table->count ? table->ports[place(table, id)] : NULL;
}

static bool grow(port_table *table)
{
    size_t capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY;
    port_table grown = {.ports = calloc(capacity, sizeof *grown.ports), .capacity = capacity, .count = table->count};
    if (!grown.ports) {
        errno = ENOMEM;
        return false;
    }
    for (size_t at = 0; at < table->capacity; at++)
        if (table->ports[at])
            grown.ports[place(&grown, table->ports[at]->id)] = table->ports[at];
    free(table->ports);
    *table = grown;
    return true;
}

bool port_table_add(port_table *table, port *port)
{
    if (2 * (table->count + 1) > table->capacity && !grow(table))
        return false;
    table->ports[place(table, port->id)] = port;
    table->count++;
    return true;
}

void port_table_remove(port_table *table, const port *port)
{
    size_t mask = table->capacity - 1;
    size_t hole = place(table, port->id);
    table->ports[hole] = NULL;
    table->count--;
    /* Those behind that the hole would hide move up. */
    for (size_t at = (hole + 1) & mask; table->ports[at]; at = (at + 1) & mask) {
        struct port *behind = table->ports[at];
        table->ports[at] = NULL;
        table->ports[place(table, behind->id)] = behind;
    }
}

void port_table_free(port_table *table)
{
    free(table->ports);
    *table = (port_table){0};
}
