import type { Env } from '../../base/env.ts'
import type { ProxyConfig } from '../../http-client/client-config.ts'
import { jwtAssertion } from '../../http-client/jwt-assertion.ts'
import { type AccessToken, requestToken } from './held-token.ts'

// Source: Prometheus storage/remote/googleiam/googleiam.go; golang.org/x/oauth2/google; Google's "Application Default Credentials", "Using OAuth
// 2.0 for server to server applications".

/** Where Google's credentials are looked for. Plain data. */
export interface GoogleIamConfig {
  /** Of these the first that is there counts; that of the section, or of the environment, alone where it is given. */
  readonly files: readonly string[]
  /** Whether the last resort is the machine's own service account. */
  readonly asksMetadata: boolean
  /** Of the metadata service, such as `http://169.254.169.254`. */
  readonly metadataUrl: string
}

const SCOPE = 'https://www.googleapis.com/auth/monitoring.write'
const TOKEN_URL = 'https://oauth2.googleapis.com/token'
const METADATA_HOST = '169.254.169.254'

type Variables = Readonly<Record<string, string | undefined>>

export function toGoogleIamConfig(
  credentialsFile: string | undefined,
  variables: Variables,
  file: (name: string) => string,
): GoogleIamConfig {
  const named = credentialsFile ? file(credentialsFile) : variables.GOOGLE_APPLICATION_CREDENTIALS
  const folder = variables.CLOUDSDK_CONFIG || (variables.HOME && `${variables.HOME}/.config/gcloud`)
  const known = folder ? [`${folder}/application_default_credentials.json`] : []
  return {
    files: named ? [named] : known,
    asksMetadata: !named,
    metadataUrl: `http://${variables.GCE_METADATA_HOST || METADATA_HOST}`,
  }
}

export interface GoogleToken extends AccessToken {
  /** Who is charged for the requests, where the credentials say so. */
  readonly quotaProject: string | undefined
}

/** Asks for a token with the credentials that are found. Files are read each time: they are replaced while we run. */
export async function googleToken(env: Env, config: GoogleIamConfig, proxy: ProxyConfig | undefined): Promise<GoogleToken> {
  for (const file of config.files) {
    if (config.asksMetadata && (await env.fs.stat(file)) === null) continue
    const text = await env.fs.readText(file).catch((cause: Error) => {
      throw new Error(`error reading Google credentials file: ${cause.message}`, { cause })
    })
    return fileToken(env, file, text, proxy)
  }
  const url = `${config.metadataUrl}/computeMetadata/v1/instance/service-accounts/default/token?${new URLSearchParams({ scopes: SCOPE })}`
  const token = await requestToken(env, { url, method: 'GET', headers: { 'metadata-flavor': 'Google' } }, undefined)
  return { ...token, quotaProject: undefined }
}

async function fileToken(env: Env, file: string, text: string, proxy: ProxyConfig | undefined): Promise<GoogleToken> {
  const fields = credentialFields(file, text)
  const field = (name: string) => {
    const value = fields[name]
    if (typeof value === 'string' && value !== '') return value
    throw new Error(`error parsing Google credentials file: ${file}: found no ${name}`)
  }
  const url = typeof fields.token_uri === 'string' && fields.token_uri !== '' ? fields.token_uri : TOKEN_URL
  const quotaProject = typeof fields.quota_project_id === 'string' ? fields.quota_project_id : undefined
  const ask = async (form: Readonly<Record<string, string>>) => ({
    ...(await requestToken(env, { url, method: 'POST', form }, proxy)),
    quotaProject,
  })
  switch (fields.type) {
    case 'service_account': {
      const email = field('client_email')
      const claims = {
        grant: 'jwt_bearer',
        clientId: email,
        tokenUrl: url,
        scopes: [SCOPE],
        endpointParams: {},
        tls: undefined,
        proxy: undefined,
        key: { text: '' },
        keyId: typeof fields.private_key_id === 'string' ? fields.private_key_id : undefined,
        algorithm: 'RS256',
        issuer: email,
        audience: url,
        // Here it would name somebody to act for.
        claims: { sub: undefined },
      } as const
      const assertion = jwtAssertion(claims, field('private_key'), env.clock.now(), Buffer.from(env.random.bytes(16)).toString('hex'))
      return ask({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
    }
    case 'authorized_user':
      return ask({
        grant_type: 'refresh_token',
        client_id: field('client_id'),
        client_secret: field('client_secret'),
        refresh_token: field('refresh_token'),
      })
    default:
      throw new Error(
        `error parsing Google credentials file: ${file}: found type ${JSON.stringify(fields.type)}, want service_account or authorized_user`,
      )
  }
}

function credentialFields(file: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  } catch {
    // The parser quotes what it found, which is a secret.
  }
  throw new Error(`error parsing Google credentials file: ${file}: found no JSON object`)
}
