/* The floor: what sending and receiving RTP costs without any program around it.

   floor CALLS SECONDS: one process, CALLS connected UDP sockets to itself on loopback, 172 octets.
   Prints processor microseconds a send and a receive, and the calls that one core could hold
   (50 packets a second each way). */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double processor_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

int main(int count, char **words) {
    int calls = count > 1 ? atoi(words[1]) : 500;
    double seconds = count > 2 ? atof(words[2]) : 3.0;
    struct rlimit files = {calls * 2 + 64, calls * 2 + 64};
    setrlimit(RLIMIT_NOFILE, &files);
    int *one = calloc(calls, sizeof *one), *other = calloc(calls, sizeof *other);
    for (int n = 0; n < calls; n++) {
        struct sockaddr_in a = {.sin_family = AF_INET}, b = a;
        socklen_t size = sizeof a;
        a.sin_addr.s_addr = b.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        one[n] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        other[n] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (one[n] < 0 || other[n] < 0) { perror("socket"); return 1; }
        bind(one[n], (void *)&a, size); bind(other[n], (void *)&b, size);
        getsockname(one[n], (void *)&a, &size); getsockname(other[n], (void *)&b, &size);
        connect(one[n], (void *)&b, size); connect(other[n], (void *)&a, size);
    }
    char packet[172], buffer[2048];
    memset(packet, 0x55, sizeof packet);
    double sending = 0, receiving = 0, begin = processor_seconds();
    long packets = 0;
    while (processor_seconds() - begin < seconds) {
        double at = processor_seconds();
        for (int n = 0; n < calls; n++) if (send(one[n], packet, sizeof packet, 0) < 0) return 1;
        double middle = processor_seconds();
        for (int n = 0; n < calls; n++) if (recv(other[n], buffer, sizeof buffer, 0) < 0) return 1;
        sending += middle - at;
        receiving += processor_seconds() - middle;
        packets += calls;
    }
    double out = sending / packets * 1e6, in = receiving / packets * 1e6;
    printf("%f %f %f %f\n", out, in, 1e6 / (50 * out), 1e6 / (50 * (out + in)));
    return 0;
}
