/* The first step of a request: in a task and a context of its own. */

#ifndef WEFT_STEP_H
#define WEFT_STEP_H

#include "answer.h"

static PyObject *
fetch_error(void)
{
    PyObject *kind, *error, *traceback;
    PyErr_Fetch(&kind, &error, &traceback);
    PyErr_NormalizeException(&kind, &error, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(error, traceback);
    }
    Py_XDECREF(kind);
    Py_XDECREF(traceback);
    return error;
}

/* The coroutine of the long way, behind what the handler has come to; takes `begun`. */
static PyObject *
go_the_long_way(Starter *self, const Course *course, PyObject *begun)
{
    PyObject *coroutine;
    if (begun == NULL) {
        return NULL;
    }
    coroutine = PyObject_CallFunctionObjArgs(
        self->work, course->exchange, course->request, begun, course->started_at, NULL);
    Py_DECREF(begun);
    return coroutine;
}

static PyObject *
help_with(Starter *self, Help help, PyObject *value)
{
    PyObject *made = PyObject_CallOneArg(self->state->helps[help], value);
    Py_DECREF(value);
    return made;
}

/* What a table has for the request, where that is an endpoint without more ado: borrowed. */
static PyObject *
look_in_table(Starter *self, Course *course, PyObject *head)
{
    const State *state = self->state;
    PyObject *endpoint = NULL, *match, *args[2];
    PyObject *target = PyObject_GetAttr(head, state->names[NAME_target]);
    PyObject *method = target == NULL ? NULL : PyObject_GetAttr(head, state->names[NAME_method]);
    if (method == NULL ||
        PyUnicode_FindChar(target, '?', 0, PyUnicode_GET_LENGTH(target), 1) >= 0 ||
        PyUnicode_FindChar(target, '#', 0, PyUnicode_GET_LENGTH(target), 1) >= 0) {
        Py_XDECREF(target);
        Py_XDECREF(method);
        return NULL;
    }
    args[0] = method;
    args[1] = target;
    match = PyObject_Vectorcall(self->kinds[KIND_find], args, 2, NULL);
    Py_DECREF(target);
    Py_DECREF(method);
    if (match != NULL && (PyObject *)Py_TYPE(match) == self->kinds[KIND_match]) {
        endpoint = AT(match, match, value);
        if ((PyObject *)Py_TYPE(endpoint) != self->kinds[KIND_destination] ||
            AT(endpoint, destination, inside) != Py_None) {
            endpoint = NULL;
        } else {
            PUT(course->exchange, exchange, endpoint, endpoint);
            PUT(course->exchange, exchange, match, match);
        }
    }
    Py_XDECREF(match);
    return endpoint;
}

/* The handler, noted in the exchange with what led to it. */
static PyObject *
find_handler(Starter *self, Course *course)
{
    PyObject *endpoint;
    if (self->kinds[KIND_find] != Py_None && !(course->traits & TRAIT_OTHER_TARGET)) {
        endpoint = look_in_table(self, course, AT(course->exchange, exchange, head));
        if (endpoint != NULL) {
            return Py_NewRef(AT(endpoint, destination, handler));
        }
        if (PyErr_Occurred()) {
            return NULL;
        }
    }
    return PyObject_CallOneArg(self->kinds[KIND_resolve], course->request);
}

/* Tell the log of an answer that is rendered, where one is kept. */
static int
log_answer(Starter *self, Course *course, PyObject *response)
{
    PyObject *told, *args[] = {course->request, response, course->started_at};
    if (course->started_at == NULL) {
        return 0;
    }
    PUT(course->exchange, exchange, response, response);
    told = PyObject_Vectorcall(self->kinds[KIND_log_access], args, 3, NULL);
    PUT(course->exchange, exchange, response, Py_None);
    Py_XDECREF(told);
    return told == NULL ? -1 : 0;
}

/* The first step of the handler. NULL: answered where there are bytes, else an exception;
   otherwise the coroutine that does the rest. */
static PyObject *
step_handler(Starter *self, Course *course)
{
    PyObject *begun = NULL, *value = NULL;
    PyObject *handler, *coroutine = NULL;
    handler = find_handler(self, course);
    if (handler != NULL) {
        coroutine = PyObject_CallOneArg(handler, course->request);
        Py_DECREF(handler);
    }
    if (coroutine == NULL) {
        return go_the_long_way(self, course, help_with(self, HELP_failing, fetch_error()));
    }
    if (!PyCoro_CheckExact(coroutine)) {
        return go_the_long_way(self, course, coroutine);
    }
    switch (PyIter_Send(coroutine, Py_None, &value)) {
    case PYGEN_RETURN:
        if (answer_plainly(self, course, value) == 0) {
            begun = help_with(self, HELP_given, Py_NewRef(value));
        } else if (course->bytes != NULL && log_answer(self, course, value) < 0) {
            Py_CLEAR(course->bytes);
        }
        Py_DECREF(value);
        break;
    case PYGEN_NEXT:
        begun =
            PyObject_CallFunctionObjArgs(self->state->helps[HELP_going], coroutine, value, NULL);
        Py_DECREF(value);
        break;
    default:
        begun = help_with(self, HELP_failing, fetch_error());
    }
    Py_DECREF(coroutine);
    return begun == NULL ? NULL : go_the_long_way(self, course, begun);
}

/* The first step of the long way. 0 where the task need not know of it. */
static int
step_work(Starter *self, Course *course, PyObject *coroutine)
{
    const State *state = self->state;
    PyObject *value = NULL, *told = NULL;
    switch (PyIter_Send(coroutine, Py_None, &value)) {
    case PYGEN_RETURN:
        Py_DECREF(value);
        if (Py_IS_TYPE(course->task, state->latent)) {
            return 0;
        }
        told = PyObject_CallFunctionObjArgs(
            state->helps[HELP_end_first_step], course->task, Py_None, NULL);
        break;
    case PYGEN_NEXT:
        told = PyObject_CallFunctionObjArgs(
            state->helps[HELP_leave_first_step], course->task, coroutine, value, NULL);
        Py_DECREF(value);
        break;
    default:
        value = fetch_error();
        told = PyObject_CallFunctionObjArgs(
            state->helps[HELP_end_first_step], course->task, value, NULL);
        Py_DECREF(value);
    }
    Py_XDECREF(told);
    return told == NULL ? -1 : 0;
}

/* Inside of the task and its context. */
static Step
step_inside(Starter *self, Course *course)
{
    PyObject *coroutine;
    int done;
    course->traits = find_traits(self->state, AT(course->exchange, exchange, head));
    if (course->traits < 0) {
        return STEP_FAILED;
    }
    if (AT(self->host, host, is_logging) != Py_False) {
        course->started_at = PyObject_CallNoArgs(self->state->helps[HELP_monotonic]);
        if (course->started_at == NULL) {
            return STEP_FAILED;
        }
    }
    if (course->traits & TRAIT_EXPECT) {
        coroutine =
            PyObject_CallFunctionObjArgs(self->work, course->exchange, course->request, NULL);
    } else {
        coroutine = step_handler(self, course);
        if (course->bytes != NULL) {
            return STEP_ANSWERED;
        }
    }
    if (coroutine == NULL) {
        return STEP_FAILED;
    }
    done = step_work(self, course, coroutine);
    Py_DECREF(coroutine);
    return done < 0 ? STEP_FAILED : STEP_LEFT;
}

static PyObject *
make_request(Starter *self, PyObject *exchange)
{
    PyObject *request, *head = AT(exchange, exchange, head);
    if (self->request.type == NULL) {
        return PyObject_CallFunctionObjArgs(self->kinds[KIND_request_class], head, exchange, NULL);
    }
    request = make_like(&self->request);
    if (request != NULL) {
        PUT(request, request, _head, head);
        PUT(request, request, exchange, exchange);
    }
    return request;
}

/* Whether somebody has a weak reference to the task, as who keeps something for each task does: to
   him the next request's must be another one. -1 with an exception. */
static int
is_known_weakly(const State *state, PyObject *task)
{
    PyObject *count = PyObject_CallOneArg(state->helps[HELP_getweakrefcount], task);
    long known = count == NULL ? -1 : PyLong_AsLong(count);
    Py_XDECREF(count);
    return known < 0 ? -1 : known > state->own_weakly;
}

/* Keep the task for the next request, unless somebody else keeps it or looked at it. */
static int
put_task_back(Starter *self, Course *course, Step step)
{
    PyObject *told, *task = course->task;
    int is_latent = Py_IS_TYPE(task, self->state->latent);
    if (!is_latent && step == STEP_LEFT) {
        return 0; /* it was told */
    }
#ifndef Py_GIL_DISABLED
    if (is_latent && Py_REFCNT(task) == 1 && self->spare == NULL) {
        int is_known = is_known_weakly(self->state, task);
        if (is_known == 0) {
            set_slot(task, self->state->task_context, Py_None);
            self->spare = task;
            course->task = NULL;
        }
        return is_known < 0 ? -1 : 0; /* a known one goes, as nobody else holds it */
    }
#endif
    told =
        PyObject_CallFunctionObjArgs(self->state->helps[HELP_end_first_step], task, Py_None, NULL);
    Py_XDECREF(told);
    return told == NULL ? -1 : 0;
}

static int
call_later(Starter *self, PyObject *carrier)
{
    const State *state = self->state;
    PyObject *handle = NULL;
    PyObject *start = PyObject_GetAttr((PyObject *)self, state->names[NAME_start]);
    if (start != NULL) {
        handle = PyObject_CallMethodObjArgs(
            self->loop, state->names[NAME_call_soon], start, carrier, NULL);
        Py_DECREF(start);
    }
    Py_XDECREF(handle);
    return handle == NULL ? -1 : 0;
}

/* Enter the task. 1: entered; 0: another one is running. */
static int
enter_task(Starter *self, Course *course)
{
    PyObject *args[] = {self->loop, course->task};
    PyObject *entered = PyObject_Vectorcall(self->state->helps[HELP_enter_task], args, 2, NULL);
    if (entered == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_RuntimeError)) {
            return -1;
        }
        PyErr_Clear();
        return 0;
    }
    Py_DECREF(entered);
    return 1;
}

static int
leave_task(Starter *self, Course *course)
{
    PyObject *args[] = {self->loop, course->task};
    PyObject *left = PyObject_Vectorcall(self->state->helps[HELP_leave_task], args, 2, NULL);
    Py_XDECREF(left);
    return left == NULL ? -1 : 0;
}

/* Leave the context and the task, also with an exception, which stays. */
static int
leave_all(Starter *self, Course *course)
{
    PyObject *kind, *error, *traceback;
    PyErr_Fetch(&kind, &error, &traceback);
    if (PyContext_Exit(course->context) < 0 || leave_task(self, course) < 0) {
        Py_XDECREF(kind);
        Py_XDECREF(error);
        Py_XDECREF(traceback);
        return -1;
    }
    PyErr_Restore(kind, error, traceback);
    return 0;
}

static Step
step_in_task(Starter *self, Course *course)
{
    Step step;
    int entered = enter_task(self, course);
    if (entered <= 0) {
        PUT(course->exchange, exchange, task, Py_None);
        return entered < 0 || call_later(self, course->carrier) < 0 ? STEP_FAILED : STEP_LEFT;
    }
    /* From here on who looks at the task starts it; an error of entering has looked at its text.
     */
    set_slot(course->task, self->state->task_context, course->context);
    if (PyContext_Enter(course->context) < 0) {
        leave_task(self, course);
        return STEP_FAILED;
    }
    course->request = make_request(self, course->exchange);
    step = course->request == NULL ? STEP_FAILED : step_inside(self, course);
    return leave_all(self, course) < 0 ? STEP_FAILED : step;
}

/* The task of a request that is made in a factory of somebody else's. */
static Step
employ(Starter *self, Course *course)
{
    PyObject *task = NULL, *coroutine = NULL, *made = NULL;
    PyObject *create = PyObject_GetAttrString(self->loop, "create_task");
    PyObject *keywords = create == NULL ? NULL : PyDict_New();
    course->request = keywords == NULL ? NULL : make_request(self, course->exchange);
    if (course->request != NULL) {
        coroutine =
            PyObject_CallFunctionObjArgs(self->work, course->exchange, course->request, NULL);
    }
    if (coroutine != NULL && PyDict_SetItemString(keywords, "context", course->context) == 0) {
        made = PyTuple_Pack(1, coroutine);
        task = made == NULL ? NULL : PyObject_Call(create, made, keywords);
    }
    if (task != NULL) {
        PUT(course->exchange, exchange, task, task);
    }
    Py_XDECREF(made);
    Py_XDECREF(create);
    Py_XDECREF(keywords);
    Py_XDECREF(coroutine);
    Py_XDECREF(task);
    return task == NULL ? STEP_FAILED : STEP_LEFT;
}

/* Take the first step of a carrier's exchange. `bytes` is its answer, where that is plain. */
static Step
start_exchange(Starter *self, PyObject *carrier, PyObject **bytes)
{
    Course course = {.carrier = carrier, .exchange = Py_NewRef(AT(carrier, carrier, exchange))};
    Step step = STEP_FAILED;
    course.context = PyContext_Copy(self->context);
    if (course.context == NULL) {
        goto done;
    }
    if (self->has_factory) {
        step = employ(self, &course);
        goto done;
    }
    course.task = self->spare;
    self->spare = NULL;
    if (course.task == NULL) {
        course.task = PyObject_CallOneArg(self->state->helps[HELP_make_latent], self->loop);
        if (course.task == NULL) {
            goto done;
        }
    }
    PUT(course.exchange, exchange, task, course.task);
    step = step_in_task(self, &course);
    if (step == STEP_ANSWERED && AT(carrier, carrier, _is_receiving) == Py_True) {
        PUT(carrier, carrier, exchange, Py_None);
    }
done:
    Py_XDECREF(course.request);
    Py_XDECREF(course.exchange); /* and with them what they have of the task */
    if (course.task != NULL && step != STEP_FAILED && put_task_back(self, &course, step) < 0) {
        step = STEP_FAILED;
    }
    if (step == STEP_FAILED && course.task != NULL &&
        Py_IS_TYPE(course.task, self->state->latent)) {
        set_slot(course.task, self->state->task_context, Py_None); /* nobody is to start it */
    }
    if (step == STEP_ANSWERED) {
        *bytes = course.bytes;
    } else {
        Py_XDECREF(course.bytes);
    }
    Py_XDECREF(course.started_at);
    Py_XDECREF(course.task);
    Py_XDECREF(course.context);
    return step;
}

#endif
