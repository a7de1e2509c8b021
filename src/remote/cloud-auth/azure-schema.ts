import { boolean, type Report, secret, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import type { AzureAdConfig, AzureCredential, ManagedEndpoint } from './azure-config.ts'

// Source: Prometheus storage/remote/azuread/azuread.go; docs/configuration/configuration.md, azuread. Source of hosts, variables and
// API versions: azure-sdk-for-go sdk/azcore/cloud, sdk/azidentity.

const METHODS = ['managed_identity', 'workload_identity', 'oauth', 'certificate', 'sdk'] as const

const CLOUDS: Readonly<Record<string, { readonly authority: string; readonly scope: string }>> = {
  AzurePublic: { authority: 'https://login.microsoftonline.com', scope: 'https://monitor.azure.com//.default' },
  AzureGovernment: { authority: 'https://login.microsoftonline.us', scope: 'https://monitor.azure.us//.default' },
  AzureChina: { authority: 'https://login.chinacloudapi.cn', scope: 'https://monitor.azure.cn//.default' },
}
const WORKLOAD_TOKEN_FILE = '/var/run/secrets/azure/tokens/azure-identity-token'
const METADATA_HOST = 'http://169.254.169.254'
/** As Go's uuid.Parse takes it. */
const UUID = /^(?:urn:uuid:)?\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$|^[0-9a-f]{32}$/i
const TENANT = /^[0-9a-zA-Z-.]+$/

export const azureAdSchema = section(
  'azuread',
  {
    cloud: text(),
    managed_identity: section('managed_identity', { client_id: text() }),
    workload_identity: section('workload_identity', { client_id: text(), tenant_id: text(), token_file_path: text() }),
    oauth: section('oauth', { client_id: text(), client_secret: secret(), tenant_id: text() }),
    certificate: section('certificate', {
      client_id: text(),
      tenant_id: text(),
      certificate_path: text(),
      certificate_key_path: text(),
      certificate_password: secret(),
      send_certificate_chain: boolean(),
    }),
    sdk: section('sdk', { tenant_id: text() }),
    scope: text(),
  },
  {
    printed: { cloud: 'AzurePublic' },
    check(azure, report) {
      if (azure.cloud && CLOUDS[azure.cloud] === undefined) report(['cloud'], 'must provide a cloud in the Azure AD config')
      const methods = METHODS.filter((name) => azure[name] !== undefined)
      if (methods.length === 0)
        report([], 'must provide an Azure Managed Identity, Azure Workload Identity, Azure OAuth or Azure SDK in the Azure AD config')
      if (methods.length > 1) report([methods[1]], 'cannot provide multiple authentication methods in the Azure AD config')
      const { managed_identity: managed, workload_identity: workload, oauth, certificate, sdk } = azure
      if (managed?.client_id) checkClient('Managed Identity', ['managed_identity'], managed, report)
      if (workload !== undefined) checkApplication('Workload Identity', ['workload_identity'], workload, [], report)
      if (oauth !== undefined) checkApplication('OAuth', ['oauth'], oauth, [['client_secret', oauth.client_secret]], report)
      if (certificate !== undefined)
        checkApplication('Certificate', ['certificate'], certificate, [['certificate_path', certificate.certificate_path]], report)
      if (sdk?.tenant_id && !TENANT.test(sdk.tenant_id)) report(['sdk', 'tenant_id'], 'the provided Azure OAuth tenant_id is invalid')
    },
  },
)

export type AzureAdSection = Output<typeof azureAdSchema>

interface Application {
  readonly client_id?: string
  readonly tenant_id?: string
}

function checkClient(what: string, place: readonly string[], { client_id: client }: Application, report: Report): void {
  if (!UUID.test(client ?? '')) report([...place, 'client_id'], `the provided Azure ${what} client_id is invalid`)
}

function checkApplication(
  what: string,
  place: readonly string[],
  application: Application,
  more: readonly (readonly [name: string, value: string | undefined])[],
  report: Report,
): void {
  const needed = [['client_id', application.client_id], ...more, ['tenant_id', application.tenant_id]] as const
  const missing = needed.filter(([, value]) => !value)
  for (const [name] of missing) report(place, `must provide an Azure ${what} ${name} in the Azure AD config`)
  if (missing.length > 0) return
  checkClient(what, place, application, report)
  if (!TENANT.test(application.tenant_id!)) report([...place, 'tenant_id'], `the provided Azure ${what} tenant_id is invalid`)
}

type Variables = Readonly<Record<string, string | undefined>>

/** What a section means. `file` makes a path complete. */
export function toAzureAdConfig(azure: AzureAdSection, variables: Variables, file: (name: string) => string): AzureAdConfig {
  const cloud = CLOUDS[azure.cloud || 'AzurePublic']
  return {
    authority: (variables.AZURE_AUTHORITY_HOST || cloud.authority).replace(/\/+$/, ''),
    scope: azure.scope || cloud.scope,
    credential: toCredential(azure, variables, file),
  }
}

function toCredential(azure: AzureAdSection, variables: Variables, file: (name: string) => string): AzureCredential {
  const { managed_identity: managed, workload_identity: workload, oauth, certificate } = azure
  const of = ({ client_id: clientId = '', tenant_id: tenantId = '' }: Application) => ({ clientId, tenantId })
  if (oauth !== undefined) return { kind: 'secret', ...of(oauth), clientSecret: oauth.client_secret ?? '' }
  if (workload !== undefined)
    return { kind: 'federated', ...of(workload), tokenFile: file(workload.token_file_path || WORKLOAD_TOKEN_FILE) }
  if (certificate !== undefined) {
    const certificateFile = file(certificate.certificate_path ?? '')
    const keyFile = certificate.certificate_key_path ? file(certificate.certificate_key_path) : certificateFile
    const { certificate_password: password = '', send_certificate_chain: sendsChain = false } = certificate
    return { kind: 'certificate', ...of(certificate), certificateFile, keyFile, password, sendsChain }
  }
  if (managed !== undefined) return { kind: 'managed', clientId: managed.client_id ?? '', endpoint: managedEndpoint(variables) }
  return surroundings(azure.sdk?.tenant_id, variables, file)
}

/** What the SDK's default credential finds where nobody has logged in: the environment, the workload's identity, the machine's. */
function surroundings(tenant: string | undefined, variables: Variables, file: (name: string) => string): AzureCredential {
  const { AZURE_CLIENT_ID: clientId = '', AZURE_CLIENT_SECRET: clientSecret, AZURE_FEDERATED_TOKEN_FILE: tokenFile } = variables
  const tenantId = variables.AZURE_TENANT_ID ?? ''
  if (clientSecret && clientId && tenantId) return { kind: 'secret', clientId, tenantId, clientSecret }
  if (tokenFile && clientId) return { kind: 'federated', clientId, tenantId: tenant || tenantId, tokenFile: file(tokenFile) }
  return { kind: 'managed', clientId, endpoint: managedEndpoint(variables) }
}

function managedEndpoint({ IDENTITY_ENDPOINT: url, IDENTITY_HEADER: header, ...variables }: Variables): ManagedEndpoint {
  // App Service and Container Apps; elsewhere the metadata service of the machine.
  if (url && header) return { url, headers: { 'x-identity-header': header }, apiVersion: '2019-08-01' }
  const host = (variables.AZURE_POD_IDENTITY_AUTHORITY_HOST || METADATA_HOST).replace(/\/+$/, '')
  return { url: `${host}/metadata/identity/oauth2/token`, headers: { metadata: 'true' }, apiVersion: '2018-02-01' }
}
