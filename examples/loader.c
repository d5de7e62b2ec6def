/* Runs a signature of an exported model from C, by the loader that TF Serving uses; no Python.
 *
 *     loader EXPORT SIGNATURE OUTPUT NAME=DIMENSIONS:FILE...
 *     ./loader exported/realnvp_digits/1 sample x seed=1,2:seed.bin temperature=1:temperature.bin
 *
 * Each FILE holds the entries of one input, row-major, in the bytes of its type. The entries of the output are printed,
 * one a line. To build it:
 *
 *     TF=$(python -c 'import tensorflow, os; print(os.path.dirname(tensorflow.__file__))')
 *     cc -I$TF/include examples/loader.c -o loader -L$TF -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 -Wl,-rpath,$TF
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tensorflow/c/c_api.h>

#define MOST 8 /* inputs of a signature, and axes of one */

static void fail(const char *what, const char *why) {
  fprintf(stderr, "loader: %s: %s\n", what, why);
  exit(1);
}

static void check(TF_Status *status, const char *what) {
  if (TF_GetCode(status) != TF_OK) fail(what, TF_Message(status));
}

/* A serialized protocol buffer, of which we read the few fields that name the tensors of a signature. */
typedef struct {
  const unsigned char *at, *end;
} Message;

static uint64_t varint(Message *message) {
  uint64_t value = 0;
  for (int shift = 0; message->at < message->end && shift < 64; shift += 7) {
    unsigned char byte = *message->at++;
    value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) break;
  }
  return value;
}

/* The next field: its number, or 0 at the end, with its value as an integer or as bytes. */
static int next_field(Message *message, uint64_t *integer, Message *bytes) {
  if (message->at >= message->end) return 0;
  uint64_t tag = varint(message), size = 0;
  *integer = 0;
  bytes->at = bytes->end = message->at;
  switch (tag & 7) {
    case 0: *integer = varint(message); return (int)(tag >> 3);
    case 1: size = 8; break;
    case 2: size = varint(message); break;
    case 5: size = 4; break;
    default: fail("export", "a malformed MetaGraphDef");
  }
  if (size > (uint64_t)(message->end - message->at)) fail("export", "a truncated MetaGraphDef");
  bytes->at = message->at;
  bytes->end = message->at += size;
  return (int)(tag >> 3);
}

static int equal(Message bytes, const char *text) {
  size_t size = (size_t)(bytes.end - bytes.at);
  return size == strlen(text) && memcmp(bytes.at, text, size) == 0;
}

/* The value of `key` in the map that is field `number` of a message: entries {1: key, 2: value}. */
static Message lookup(Message message, int number, const char *key) {
  uint64_t integer;
  Message entry, part, value = {NULL, NULL};
  for (int field; (field = next_field(&message, &integer, &entry));) {
    if (field != number) continue;
    int found = 0;
    for (int inner; (inner = next_field(&entry, &integer, &part));) {
      if (inner == 1) found = equal(part, key);
      if (inner == 2) value = part;
    }
    if (found) return value;
  }
  fail(key, "no such signature, input or output");
  return value;
}

/* What a TensorInfo {1: "operation:index", 2: type} names. */
static TF_Output tensor(TF_Graph *graph, Message info, TF_DataType *type) {
  uint64_t integer;
  Message bytes;
  char name[512] = "";
  for (int field; (field = next_field(&info, &integer, &bytes));) {
    if (field == 1) snprintf(name, sizeof name, "%.*s", (int)(bytes.end - bytes.at), (const char *)bytes.at);
    if (field == 2) *type = (TF_DataType)integer;
  }
  char *colon = strrchr(name, ':');
  if (colon == NULL) fail(name, "not the name of a tensor");
  *colon = '\0';
  TF_Output output = {TF_GraphOperationByName(graph, name), atoi(colon + 1)};
  if (output.oper == NULL) fail(name, "no such operation");
  return output;
}

/* A tensor of `dimensions`, such as "3,8,8,1", with the bytes of a file. */
static TF_Tensor *read_tensor(TF_DataType type, const char *dimensions, const char *path) {
  int64_t shape[MOST], entries = 1;
  int axes = 0;
  for (const char *at = dimensions; *at != '\0' && axes < MOST; at += *at == ',') {
    char *end;
    shape[axes] = strtoll(at, &end, 10);
    if (end == at) fail(dimensions, "not a list of sizes");
    entries *= shape[axes++];
    at = end;
  }
  TF_Tensor *value = TF_AllocateTensor(type, shape, axes, (size_t)entries * TF_DataTypeSize(type));
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path, "cannot be read");
  size_t size = fread(TF_TensorData(value), 1, TF_TensorByteSize(value), file);
  if (size != TF_TensorByteSize(value) || fgetc(file) != EOF) fail(path, "not as many bytes as its dimensions say");
  fclose(file);
  return value;
}

static void print(const TF_Tensor *value) {
  const void *data = TF_TensorData(value);
  for (int64_t i = 0; i < TF_TensorElementCount(value); ++i) {
    switch (TF_TensorType(value)) {
      case TF_FLOAT: printf("%.9g\n", ((const float *)data)[i]); break;
      case TF_UINT8: printf("%d\n", ((const uint8_t *)data)[i]); break;
      default: fail("output", "neither float32 nor uint8");
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 5 || argc - 4 > MOST) fail("usage", "loader EXPORT SIGNATURE OUTPUT NAME=DIMENSIONS:FILE...");
  TF_Status *status = TF_NewStatus();
  TF_Graph *graph = TF_NewGraph();
  TF_SessionOptions *options = TF_NewSessionOptions();
  TF_Buffer *meta_graph = TF_NewBuffer();
  const char *tags[] = {"serve"};
  TF_Session *session = TF_LoadSessionFromSavedModel(options, NULL, argv[1], tags, 1, graph, meta_graph, status);
  check(status, argv[1]);

  const unsigned char *start = meta_graph->data;
  Message signature = lookup((Message){start, start + meta_graph->length}, 5, argv[2]);
  TF_DataType type = TF_FLOAT;
  TF_Output wanted = tensor(graph, lookup(signature, 2, argv[3]), &type), fed[MOST];
  TF_Tensor *values[MOST], *result = NULL;
  int count = argc - 4;
  for (int i = 0; i < count; ++i) {
    char *equals = strchr(argv[4 + i], '='), *colon = equals ? strchr(equals, ':') : NULL;
    if (colon == NULL) fail(argv[4 + i], "not NAME=DIMENSIONS:FILE");
    *equals = *colon = '\0';
    fed[i] = tensor(graph, lookup(signature, 1, argv[4 + i]), &type);
    values[i] = read_tensor(type, equals + 1, colon + 1);
  }
  TF_SessionRun(session, NULL, fed, values, count, &wanted, &result, 1, NULL, 0, NULL, status);
  check(status, argv[2]);
  print(result);

  TF_DeleteTensor(result);
  for (int i = 0; i < count; ++i) TF_DeleteTensor(values[i]);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteBuffer(meta_graph);
  TF_DeleteSessionOptions(options);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
