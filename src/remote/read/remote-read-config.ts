import type { HttpClientConfig } from '../../http-client/client-config.ts'
import type { Labels } from '../../model/labels.ts'

/** A section `remote_read`, its defaults filled in. */
export interface RemoteReadConfig {
  readonly name: string
  readonly url: string
  readonly timeoutMs: number
  /** Bytes of one frame. */
  readonly frameBytesMax: number
  readonly headers: Readonly<Record<string, string>>
  /** Whether it is asked for times that our own storage has whole. */
  readonly readRecent: boolean
  /** Equalities that a selector must have. */
  readonly requiredMatchers: Readonly<Record<string, string>>
  /** Our own, where the endpoint is to be asked for series that have them; else empty. */
  readonly externalLabels: Labels
  readonly http: HttpClientConfig
}
