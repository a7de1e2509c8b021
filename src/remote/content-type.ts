// What a remote write request says it is. Source: Prometheus storage/remote/write_handler.go, parseProtoMsg;
// the remote write 1.0 and 2.0 specifications.

const MEDIA_TYPE = 'application/x-protobuf'
const MESSAGE_V1 = 'prometheus.WriteRequest'
const MESSAGE_V2 = 'io.prometheus.write.v2.Request'

/** Why a request cannot be taken, for the answer 415; undefined when it can. Absent headers mean remote write 1.0. */
export function refuseContentType(contentType: string | undefined, contentEncoding: string | undefined): string | undefined {
  const whole = (contentType ?? '').trim() || MEDIA_TYPE
  const [mediaType, ...parameters] = whole.split(';')
  if (mediaType.trim() !== MEDIA_TYPE) return `expected ${MEDIA_TYPE} as the first (media) part, got ${whole} content-type`
  let message = MESSAGE_V1
  for (const parameter of parameters) {
    const [name, value, ...rest] = parameter.trim().split('=')
    if (value === undefined || rest.length > 0) {
      return `as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be key-values, got ${parameter} in ${whole} content-type`
    }
    if (name !== 'proto') continue
    if (value !== MESSAGE_V1 && value !== MESSAGE_V2) {
      return `got ${whole} content type; unknown remote write protobuf message ${value}, supported: ${MESSAGE_V1}, ${MESSAGE_V2}`
    }
    message = value
    break
  }
  if (message !== MESSAGE_V1) return `${message} protobuf message is not accepted by this server; accepted [${MESSAGE_V1}]`
  if (contentEncoding !== undefined && contentEncoding !== '' && contentEncoding.toLowerCase() !== 'snappy') {
    return `${contentEncoding} encoding (compression) is not accepted by this server; only snappy is acceptable`
  }
  return undefined
}
