import { boolean, section } from '../../base/schema.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields, showHttpClient } from '../../http-client/client-schema.ts'

/** How to reach what a receiver stands for; also below `global`. Source: Alertmanager docs/configuration.md, http_config. */
export const httpConfigSchema = section('http_config', httpClientFields(), {
  printed: HTTP_CLIENT_PRINTED,
  shown: showHttpClient,
  check: checkHttpClient,
})

/** What every receiver's section begins with. */
export const receiverFields = { send_resolved: boolean(), http_config: httpConfigSchema }
