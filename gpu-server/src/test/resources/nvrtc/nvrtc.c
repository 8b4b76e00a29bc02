/* A libnvrtc for tests: the real one's functions, and a compiler that echoes what it was given. Some words in the program's text make it
 * do what a hostile or unlucky program does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  char *source, *name, *headers[64], *includes[64], *names[64], lowered[64][300], text[1 << 16], log[1 << 16];
  int header_count, name_count;
} program;

int nvrtcVersion(int *major, int *minor) { *major = 12; *minor = 9; return 0; }
int nvrtcGetNumSupportedArchs(int *count) { *count = 3; return 0; }
int nvrtcGetSupportedArchs(int *archs) { archs[0] = 75; archs[1] = 80; archs[2] = 90; return 0; }

int nvrtcCreateProgram(program **made, const char *source, const char *name, int count, const char *const *headers,
                       const char *const *includes) {
  program *p = calloc(1, sizeof *p);
  p->source = strdup(source);
  p->name = strdup(name);
  for (p->header_count = 0; p->header_count < count; p->header_count++) {
    p->headers[p->header_count] = strdup(headers[p->header_count]);
    p->includes[p->header_count] = strdup(includes[p->header_count]);
  }
  *made = p;
  return 0;
}

int nvrtcAddNameExpression(program *p, const char *name) { p->names[p->name_count++] = strdup(name); return 0; }

int nvrtcCompileProgram(program *p, int count, const char *const *options) {
  const char *file = strstr(p->source, "READ ");
  if (strstr(p->source, "FOREVER")) for (;;) ;
  if (strstr(p->source, "CRASH")) abort();
  if (strstr(p->source, "WRONG")) {
    sprintf(p->log, "%s(1): error: WRONG\n", p->name);
    return 6;
  }
  strcat(p->text, "// ");
  strcat(p->text, p->name);
  for (int i = 0; i < count; i++) { strcat(p->text, " "); strcat(p->text, options[i]); }
  strcat(p->text, "\n");
  for (int i = 0; i < p->header_count; i++) {
    strcat(p->text, p->includes[i]); strcat(p->text, ": "); strcat(p->text, p->headers[i]); strcat(p->text, "\n");
  }
  if (file) {
    char path[200] = "", content[400] = "";
    sscanf(file, "READ %199s", path);
    FILE *f = fopen(path, "r");
    if (f) { fread(content, 1, 399, f); fclose(f); }
    strcat(p->text, f ? content : "no such file\n");
  }
  strcat(p->text, p->source);
  return 0;
}

int nvrtcGetProgramLogSize(program *p, size_t *size) { *size = strlen(p->log) + 1; return 0; }
int nvrtcGetProgramLog(program *p, char *log) { strcpy(log, p->log); return 0; }
int nvrtcGetPTXSize(program *p, size_t *size) { *size = strlen(p->text) + 1; return 0; }
int nvrtcGetPTX(program *p, char *ptx) { strcpy(ptx, p->text); return 0; }

int nvrtcGetLoweredName(program *p, const char *name, const char **lowered) {
  for (int i = 0; i < p->name_count; i++)
    if (!strcmp(p->names[i], name) && strcmp(name, "nothing")) {
      sprintf(p->lowered[i], "_Z%s", name);
      *lowered = p->lowered[i];
      return 0;
    }
  return 10;
}

int nvrtcDestroyProgram(program **p) { free(*p); *p = 0; return 0; }
