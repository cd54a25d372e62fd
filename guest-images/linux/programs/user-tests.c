/* Tests of the machine from user space: floating point over context switches, signals, threads, memory, timers. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int results, failures;

static void ok(int good, const char *text)
{
	printf("%sok %d - user: %s\n", good ? "" : "not ", ++results, text);
	failures += !good;
}

/* A sum that needs many registers of the coprocessor, the same each time. */
static double series(int seed, int yields)
{
	double a = seed, b = 1, c = 0.5;
	float vector[8];
	int i, k;

	for (k = 0; k < 8; k++)
		vector[k] = seed + k;
	for (i = 1; i < 2000; i++) {
		a += 1.0 / (i * (double)i + seed);
		b = sqrt(b + a * c);
		c = c * 0.75 + b / 7;
		for (k = 0; k < 8; k++)
			vector[k] = vector[k] * 0.5f + (float)b;
		if (yields && i % 16 == 0)
			usleep(0);
	}
	for (k = 0; k < 8; k++)
		a += vector[k];
	return a + b + c;
}

static void floating_point(void)
{
	double expected[4];
	int i, good = 1;

	for (i = 0; i < 4; i++)
		expected[i] = series(i, 0);
	/* Four processes that take turns must not see each other's registers. */
	for (i = 0; i < 4; i++)
		if (!fork())
			_exit(series(i, 1) == expected[i] ? 0 : 1);
	for (i = 0; i < 4; i++) {
		int status = 1;

		wait(&status);
		good &= WIFEXITED(status) && !WEXITSTATUS(status);
	}
	ok(good, "floating point survives context switches");
	ok(fabs(expected[0] - series(0, 0)) == 0 && isnan(sqrt(-1.0)) && isinf(1 / (expected[0] - expected[0])),
	   "floating point is what it was, with NaN and infinity");
}

static volatile sig_atomic_t caught;
static volatile double in_handler;

static void on_signal(int number)
{
	in_handler = series(7, 0);
	caught = number;
}

static void signals(void)
{
	struct itimerval timer = { .it_value = { .tv_usec = 3000 } };
	double before = series(3, 0), during = 0;
	char *page;

	signal(SIGALRM, on_signal);
	setitimer(ITIMER_REAL, &timer, NULL);
	while (!caught)
		during = series(3, 0);
	ok(caught == SIGALRM && during == before, "a timer's signal interrupts floating point");
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!fork()) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile char *)page = 1;
		_exit(0);
	}
	int status = 0;

	wait(&status);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a write to a read-only page ends in SIGSEGV");
}

static void memory(void)
{
	size_t size = 2 << 20, i;
	uint32_t *words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int good = 1, status = 1;

	for (i = 0; i < size / 4; i += 257)
		words[i] = i * 2654435761u;
	if (!fork()) {
		/* Copy on write: the parent must not see this. */
		for (i = 0; i < size / 4; i += 257)
			good &= words[i] == i * 2654435761u, words[i] = 0;
		_exit(!good);
	}
	wait(&status);
	for (i = 0; i < size / 4; i += 257)
		good &= words[i] == i * 2654435761u;
	ok(good && WIFEXITED(status) && !WEXITSTATUS(status), "pages are copied on write");
	munmap(words, size);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long counter;
static uint64_t atomic_counter;

static void *count(void *unused)
{
	int i;

	(void)unused;
	for (i = 0; i < 5000; i++) {
		pthread_mutex_lock(&lock);
		counter++;
		pthread_mutex_unlock(&lock);
		__atomic_fetch_add(&atomic_counter, 0x100000001ull, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void threads(void)
{
	pthread_t thread[4];
	int i, good = 1;

	for (i = 0; i < 4; i++)
		good &= !pthread_create(&thread[i], NULL, count, NULL);
	for (i = 0; i < 4; i++)
		good &= !pthread_join(thread[i], NULL);
	ok(good && counter == 20000 && atomic_counter == 20000 * 0x100000001ull,
	   "four threads, a mutex and a 64-bit atomic");
}

static void times(void)
{
	struct timespec a, b, pause = { .tv_nsec = 20000000 };
	long ms;

	clock_gettime(CLOCK_MONOTONIC, &a);
	nanosleep(&pause, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ms = (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
	ok(ms >= 20 && ms < 60, "a sleep of 20 ms takes 20 to 60 ms");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	floating_point();
	signals();
	memory();
	threads();
	times();
	printf("1..%d\n", results);
	return failures != 0;
}
