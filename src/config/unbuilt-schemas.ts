import { boolean, float, map, oneOf, section, text } from '../base/schema.ts'
import { tlsConfigSchema } from '../http-client/client-schema.ts'
import { duration } from '../model/config-schema.ts'
import { checkRemoteHeaders } from '../remote/remote-headers.ts'

// Sections of prometheus.yml that upstream has and we have not built: checked, then ignored with a warning.
// Source: Prometheus config/config.go; docs/configuration/configuration.md.

export const tracingSchema = section(
  'tracing_config',
  {
    client_type: oneOf(['http', 'grpc'], (found) => `expected tracing client type to be http or grpc, but got ${found}`),
    endpoint: text(),
    sampling_fraction: float(),
    insecure: boolean(),
    tls_config: tlsConfigSchema,
    headers: map(text()),
    compression: oneOf(['gzip', ''], (found) => `invalid compression type ${found} provided, valid options: gzip`),
    timeout: duration(),
  },
  {
    check(tracing, report) {
      if (!tracing.endpoint) report(['endpoint'], 'tracing endpoint must be set')
      checkRemoteHeaders(tracing.headers, 'custom authorization header configuration is not yet supported', report)
    },
  },
)
