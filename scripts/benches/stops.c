/* Watches one core for moments at which the machine itself stood still.

   stops CORE: wakes every millisecond, ahead of every other program on that core, and prints
   "BEGIN END" (seconds of the wall clock) whenever it was woken more than 3 ms late: then the
   host of a virtual machine, or the kernel, had taken the core away. Ends when stdin is closed. */

#define _GNU_SOURCE
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const long STEP = 1000000, LATE = 3000000;

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

int main(int count, char **words) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(count > 1 ? atoi(words[1]) : 0, &cores);
    struct sched_param first = {.sched_priority = 99};
    if (sched_setaffinity(0, sizeof cores, &cores)) { perror("core"); return 1; }
    if (sched_setscheduler(0, SCHED_FIFO, &first)) { perror("priority"); return 1; }
    struct pollfd stdin_closed = {.fd = 0, .events = POLLIN};
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (long step = 0; step % 1000 || !poll(&stdin_closed, 1, 0); step++) {
        next.tv_nsec += STEP;
        if (next.tv_nsec >= 1000000000) { next.tv_nsec -= 1000000000; next.tv_sec++; }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
        double late = seconds(CLOCK_MONOTONIC) - (next.tv_sec + next.tv_nsec * 1e-9);
        if (late * 1e9 > LATE) {
            double end = seconds(CLOCK_REALTIME);
            printf("%.6f %.6f\n", end - late, end);
            fflush(stdout);
            clock_gettime(CLOCK_MONOTONIC, &next);
        }
    }
    return 0;
}
