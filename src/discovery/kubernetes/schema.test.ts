import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseYamlTree } from '../../base/yaml-tree.ts'
import { PLAIN_HTTP_CLIENT } from '../../http-client/client-config.ts'
import { kubernetesSdConfigsSchema, toKubernetesSdConfig } from './schema.ts'

const parse = (text: string) => kubernetesSdConfigsSchema.read(parseYamlTree(`[${text}]`).root)
const context = (variables = {}) => ({ client: PLAIN_HTTP_CLIENT, resolve: (path: string) => `/etc/${path}`, variables })

test('what contradicts itself is refused, in upstream’s words', () => {
  const check = (text: string, want: string | undefined) => {
    const parsed = parse(text)
    assert.equal(parsed.success ? undefined : parsed.problems[0].message, want)
  }
  check('{}', 'role missing (one of: pod, service, endpoints, endpointslice, node, ingress)')
  check('{role: xpod}', 'unknown Kubernetes SD role "xpod", want node, service, pod, endpoints, endpointslice, ingress')
  check('{role: pod, selectors: [{role: service}]}', 'pod role supports only pod, node selectors')
  check('{role: pod, selectors: [{}]}', 'pod role supports only pod, node selectors')
  check('{role: pod, selectors: [{role: node, label: a=b}, {role: pod}]}', undefined)
  check('{role: endpoints, selectors: [{role: node}]}', 'endpoints role supports only pod, service, endpoints selectors')
  check('{role: pod, selectors: [{role: pod}, {role: pod}]}', 'duplicated selector role: pod')
  check('{role: pod, bearer_token: x}', "to use custom HTTP client configuration please provide the 'api_server' URL explicitly")
  check('{role: pod, follow_redirects: false}', "to use custom HTTP client configuration please provide the 'api_server' URL explicitly")
  check('{role: pod, enable_http2: false}', "to use custom HTTP client configuration please provide the 'api_server' URL explicitly")
  check('{role: pod, follow_redirects: true, enable_http2: true}', undefined)
  check('{role: pod, kubeconfig_file: k, bearer_token: x}', "cannot use a custom HTTP client configuration together with 'kubeconfig_file'")
  check('{role: pod, kubeconfig_file: k, api_server: "http://x"}', "cannot use 'kubeconfig_file' and 'api_server' simultaneously")
  check(
    '{role: pod, kubeconfig_file: k, namespaces: {own_namespace: true}}',
    "cannot use 'kubeconfig_file' and 'namespaces.own_namespace' simultaneously",
  )
  check(
    '{role: pod, api_server: "http://x", namespaces: {own_namespace: true}}',
    "cannot use 'api_server' and 'namespaces.own_namespace' simultaneously",
  )
  check('{role: pod, api_server: "http://x", bearer_token: x}', undefined)
})

test('selectors are what the API server can read', () => {
  const check = (selector: string, isGood: boolean) =>
    assert.equal(parse(`{role: pod, selectors: [{role: pod, ${selector}}]}`).success, isGood, selector)
  for (const label of [
    '',
    'a',
    '!a',
    'a=b',
    'a==b',
    'a!=b',
    'a=',
    'x.y/a=b-c.d',
    'a in (b, c)',
    'a notin (b,)',
    'a>1',
    ' a , b = c ',
    'A_b.c=D',
  ])
    check(`label: "${label}"`, true)
  for (const label of ['a=b,', ',a', 'a b', 'a=b c', 'a in b', 'a in', '=b', 'a=-b', 'a=b=c', '-a', 'x/y/z=a', 'a>b', 'é=a', 'a in ()b'])
    check(`label: "${label}"`, false)
  for (const field of ['', 'a=b', 'a.b!=c', 'a==b,', 'a=b,c=d']) check(`field: "${field}"`, true)
  for (const field of ['a', 'a=b,c', 'a!b']) check(`field: "${field}"`, false)
  assert.equal(
    parse('{role: pod, selectors: [{role: pod, field: "a=b,keep"}]}').problems?.[0].message,
    "invalid selector: 'a=b,keep'; can't understand 'keep'",
  )
})

test('the API server is where the file, the kubeconfig or the cluster says', () => {
  const place = (text: string, variables = {}) => toKubernetesSdConfig(parse(text).data![0], context(variables)).place
  assert.deepEqual(place('{role: pod, api_server: "http://x"}'), { kind: 'server', url: 'http://x', client: PLAIN_HTTP_CLIENT })
  assert.deepEqual(place('{role: pod, kubeconfig_file: k}'), { kind: 'kubeconfig', file: '/etc/k', proxy: undefined })
  assert.deepEqual(place('{role: pod}', { KUBERNETES_SERVICE_HOST: 'h', KUBERNETES_SERVICE_PORT: '443' }), {
    kind: 'in-cluster',
    host: 'h',
    port: '443',
    proxy: undefined,
  })
  const { selectors } = toKubernetesSdConfig(parse('{role: endpointslice, selectors: [{role: pod, label: a=b}]}').data![0], context())
  assert.deepEqual(selectors, { pods: { label: 'a=b', field: '' } })
})
