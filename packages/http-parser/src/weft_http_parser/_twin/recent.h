/* Names of fields that peers send again and again, as istr.

   A multidict has to fold and hash a key that is plain text; an istr carries both. Making one
   costs more than it saves, so a name gets its istr when it comes a second time. The table is
   small and of fixed size: a peer that sends new names every time only takes places from others.
   It is kept by spelling, since the istr shows the name as it was sent. */

#ifndef WEFT_RECENT_H
#define WEFT_RECENT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "octets.h"

enum { RECENT_SLOTS = 256, RECENT_SIZE = 48 };

typedef struct {
    PyObject *name; /* an istr, or NULL when the name was seen once */
    uint32_t hash;
    uint32_t size;
    char text[RECENT_SIZE];
} RecentName;

typedef struct {
    RecentName names[RECENT_SLOTS];
#ifdef Py_GIL_DISABLED
    PyMutex lock;
#endif
} Recent;

static inline void
lock_recent(Recent *recent)
{
#ifdef Py_GIL_DISABLED
    PyMutex_Lock(&recent->lock);
#endif
}

static inline void
unlock_recent(Recent *recent)
{
#ifdef Py_GIL_DISABLED
    PyMutex_Unlock(&recent->lock);
#endif
}

/* FNV-1a. */
static inline uint32_t
hash_spelling(Byte *text, size_t size)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ text[i]) * 16777619u;
    }
    return hash;
}

static inline int
is_recent(const RecentName *slot, uint32_t hash, Byte *text, size_t size)
{
    return slot->hash == hash && slot->size == size && memcmp(slot->text, text, size) == 0;
}

/* The istr of a name that came twice before. NULL without an exception when there is none;
   `comes_again` says that this is the second time, and an istr would be welcome. */
static inline PyObject *
find_recent(Recent *recent, uint32_t hash, Byte *text, size_t size, int *comes_again)
{
    RecentName *slot = &recent->names[hash % RECENT_SLOTS];
    PyObject *name = NULL, *former = NULL;
    lock_recent(recent);
    *comes_again = is_recent(slot, hash, text, size);
    if (*comes_again) {
        name = Py_XNewRef(slot->name);
    } else {
        former = slot->name;
        slot->name = NULL;
        slot->hash = hash;
        slot->size = (uint32_t)size;
        memcpy(slot->text, text, size);
    }
    unlock_recent(recent);
    Py_XDECREF(former);
    return name;
}

/* Keep an istr for the name, unless its place was taken meanwhile. */
static inline void
keep_recent(Recent *recent, uint32_t hash, Byte *text, size_t size, PyObject *name)
{
    RecentName *slot = &recent->names[hash % RECENT_SLOTS];
    lock_recent(recent);
    if (slot->name == NULL && is_recent(slot, hash, text, size)) {
        slot->name = Py_NewRef(name);
    }
    unlock_recent(recent);
}

static inline void
free_recent(Recent *recent)
{
    for (size_t i = 0; recent != NULL && i < RECENT_SLOTS; i++) {
        Py_XDECREF(recent->names[i].name);
    }
    PyMem_Free(recent);
}

#endif
