#include <assert.h>
#include <stdio.h>

typedef int (*operation)(int, int);

__device__ __noinline__ int add(int a, int b) { return a + b; }
__device__ __noinline__ int multiply(int a, int b) { return a * b; }
__device__ __noinline__ int ackermann(int m, int n) {
    return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

__device__ operation table[2] = {add, multiply};

struct Shape {
    __device__ virtual float area() const = 0;
};
struct Square : Shape {
    float side;
    __device__ Square(float s) : side(s) {}
    __device__ float area() const override { return side * side; }
};
struct Circle : Shape {
    float radius;
    __device__ Circle(float r) : radius(r) {}
    __device__ float area() const override { return 3.0f * radius * radius; }
};

extern "C" __global__ void through_table(const int* which, int* out) {
    int t = threadIdx.x;
    out[t] = table[which[t]](t, 7);
}

extern "C" __global__ void virtual_calls(float* out) {
    int t = threadIdx.x;
    Shape* shape = t % 2 == 0 ? (Shape*) new Square((float) t) : (Shape*) new Circle((float) t);
    out[t] = shape->area();
    delete shape;
}

extern "C" __global__ void recursion(int* out) { out[threadIdx.x] = ackermann(2, threadIdx.x); }

/* Lists on the device's heap, built by one launch and read by the next. */
struct Node {
    int value;
    Node* next;
};

__device__ Node* heads[64];

extern "C" __global__ void build_lists(int length) {
    Node* head = 0;
    for (int i = 0; i < length; i++) {
        Node* node = (Node*) malloc(sizeof(Node));
        node->value = i + threadIdx.x;
        node->next = head;
        head = node;
    }
    heads[threadIdx.x] = head;
}

extern "C" __global__ void sum_lists(int* out) {
    int sum = 0;
    for (Node* node = heads[threadIdx.x]; node != 0;) {
        sum += node->value;
        Node* next = node->next;
        free(node);
        node = next;
    }
    out[threadIdx.x] = sum;
}

extern "C" __global__ void exhaust(int* out) {
    int count = 0;
    while (malloc(1 << 20) != 0) count++;
    *out = count;
}

extern "C" __global__ void asserts(int limit) { assert((int) threadIdx.x < limit); }

extern "C" __global__ void prints(double x) {
    if (threadIdx.x == 1) printf("thread %d: %5.2f %s %lld\n", threadIdx.x, x, "text", 1LL << 40);
}
