import { boolean, float, integer, list, secret, section, text } from '../base/schema.ts'
import type { Schema } from '../base/schema-type.ts'
import {
  checkHttpClient,
  HTTP_CLIENT_PRINTED,
  type HttpClient,
  httpClientFields,
  showHttpClient,
  tlsConfigSchema,
} from '../http-client/client-schema.ts'
import { duration } from '../model/config-schema.ts'

// Discovery mechanisms that upstream has and we have not built: their fields are checked, then the mechanism is ignored
// with a warning. Source: Prometheus docs/configuration/configuration.md, the *_sd_config sections.

const filters = () => list(section('filter', { name: text(), values: list(text()) }))
const servers = () => ({ servers: list(text()), paths: list(text()), timeout: duration() })

/** A mechanism that asks an HTTP server. */
const overHttp = <S extends Readonly<Record<string, Schema>>>(name: string, shape: S) =>
  section(
    name,
    { ...shape, refresh_interval: duration(), ...httpClientFields() },
    { printed: HTTP_CLIENT_PRINTED, shown: showHttpClient, check: (value, report) => checkHttpClient(value as HttpClient, report) },
  )

const awsFields = () => ({
  region: text(),
  endpoint: text(),
  access_key: text(),
  secret_key: secret(),
  profile: text(),
  role_arn: text(),
  external_id: text(),
  port: integer(),
})

const schemas: Readonly<Record<string, Schema>> = {
  aws: overHttp('aws_sd_config', { role: text(), ...awsFields(), filters: filters(), clusters: list(text()) }),
  azure: overHttp('azure_sd_config', {
    environment: text(),
    authentication_method: text(),
    subscription_id: text(),
    tenant_id: text(),
    client_id: text(),
    client_secret: secret(),
    resource_group: text(),
    port: integer(),
  }),
  digitalocean: overHttp('digitalocean_sd_config', { role: text(), port: integer() }),
  dockerswarm: overHttp('dockerswarm_sd_config', { host: text(), role: text(), port: integer(), filters: filters() }),
  eureka: overHttp('eureka_sd_config', { server: text() }),
  gce: section('gce_sd_config', {
    project: text(),
    zone: text(),
    filter: text(),
    refresh_interval: duration(),
    port: integer(),
    tag_separator: text(),
  }),
  hetzner: overHttp('hetzner_sd_config', { role: text(), port: integer(), label_selector: text() }),
  ionos: overHttp('ionos_sd_config', { datacenter_id: text(), port: integer() }),
  kuma: overHttp('kuma_sd_config', { server: text(), client_id: text(), fetch_timeout: duration() }),
  lightsail: overHttp('lightsail_sd_config', awsFields()),
  linode: overHttp('linode_sd_config', { region: text(), port: integer(), tag_separator: text() }),
  marathon: overHttp('marathon_sd_config', { servers: list(text()), auth_token: secret(), auth_token_file: text() }),
  nerve: section('nerve_sd_config', servers()),
  nomad: overHttp('nomad_sd_config', { allow_stale: boolean(), namespace: text(), region: text(), server: text(), tag_separator: text() }),
  oci: overHttp('oci_sd_config', {
    auth: text(),
    tenancy: text(),
    user: text(),
    fingerprint: text(),
    key_file: text(),
    key_passphrase: secret(),
    key_passphrase_file: text(),
    region: text(),
    compartments: list(text()),
    port: integer(),
  }),
  openstack: section('openstack_sd_config', {
    role: text(),
    region: text(),
    identity_endpoint: text(),
    username: text(),
    userid: text(),
    password: secret(),
    domain_name: text(),
    domain_id: text(),
    project_name: text(),
    project_id: text(),
    application_credential_name: text(),
    application_credential_id: text(),
    application_credential_secret: secret(),
    all_tenants: boolean(),
    refresh_interval: duration(),
    port: integer(),
    availability: text(),
    tls_config: tlsConfigSchema,
  }),
  outscale: overHttp('outscale_sd_config', {
    region: text(),
    access_key: text(),
    secret_key: secret(),
    secret_key_file: text(),
    endpoint: text(),
    port: integer(),
  }),
  ovhcloud: section('ovhcloud_sd_config', {
    application_key: text(),
    application_secret: secret(),
    consumer_key: secret(),
    service: text(),
    endpoint: text(),
    refresh_interval: duration(),
  }),
  puppetdb: overHttp('puppetdb_sd_config', { url: text(), query: text(), include_parameters: boolean(), port: integer() }),
  scaleway: overHttp('scaleway_sd_config', {
    access_key: text(),
    secret_key: secret(),
    secret_key_file: text(),
    project_id: text(),
    role: text(),
    port: integer(),
    api_url: text(),
    zone: text(),
    name_filter: text(),
    tags_filter: list(text()),
  }),
  serverset: section('serverset_sd_config', servers()),
  stackit: overHttp('stackit_sd_config', {
    project: text(),
    endpoint: text(),
    region: text(),
    port: integer(),
    private_key: secret(),
    private_key_path: text(),
    service_account_key: secret(),
    service_account_key_path: text(),
    credentials_file_path: text(),
  }),
  triton: section('triton_sd_config', {
    account: text(),
    role: text(),
    dns_suffix: text(),
    endpoint: text(),
    groups: list(text()),
    port: integer(),
    refresh_interval: duration(),
    version: float(),
    tls_config: tlsConfigSchema,
  }),
  uyuni: overHttp('uyuni_sd_config', { server: text(), username: text(), password: secret(), entitlement: text(), separator: text() }),
  vultr: overHttp('vultr_sd_config', { port: integer() }),
}

/** Fields to spread into a section, `consul_sd_configs` and so on. */
export function unbuiltDiscoveryFields(mark: <S extends Schema>(schema: S) => S): object {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      `${name}_sd_configs`,
      mark(list(schema, { empty: `empty or null section in ${name}_sd_configs` })),
    ]),
  )
}
