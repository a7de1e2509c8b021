/** Bits of a byte's class: may begin a metric name, continue one, begin a label name, continue one. */
export const METRIC_START = 1
export const METRIC_REST = 2
export const LABEL_START = 4
export const LABEL_REST = 8

/** The class of each byte in names that need no quotes. */
export const NAME_CLASSES = new Uint8Array(256)
for (let c = 0; c < 256; c++) {
  const char = String.fromCharCode(c)
  if (/[a-zA-Z_]/.test(char)) NAME_CLASSES[c] = METRIC_START | METRIC_REST | LABEL_START | LABEL_REST
  else if (char === ':') NAME_CLASSES[c] = METRIC_START | METRIC_REST
  else if (/[0-9]/.test(char)) NAME_CLASSES[c] = METRIC_REST | LABEL_REST
}
