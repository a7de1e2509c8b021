import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable, section } from '../base/schema.ts'
import { parseYamlTree } from '../base/yaml-tree.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields, showHttpClient } from './client-schema.ts'

const schema = section('http_config', httpClientFields(), { printed: HTTP_CLIENT_PRINTED, shown: showHttpClient, check: checkHttpClient })
const parse = (text: string) => schema.read(parseYamlTree(text).root)

test('combinations that upstream refuses are refused in its words', () => {
  const check = (text: string, want: string | undefined) => {
    assert.equal(parse(text).problems?.[0].message, want, text)
  }
  check('oauth2: {client_id: a, token_url: "http://t"}', undefined)
  check('oauth2: {token_url: "http://t"}', 'oauth2 client_id must be configured')
  check('oauth2: {client_id: a}', 'oauth2 token_url must be configured')
  check(
    'oauth2: {client_id: a, token_url: "http://t", client_secret: a, client_secret_file: b}',
    'at most one of oauth2 client_secret & client_secret_file must be configured',
  )
  const jwt = 'client_id: a, token_url: "http://t", grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer"'
  check(`oauth2: {${jwt}, signature_algorithm: RS512, client_certificate_key: x}`, undefined)
  check(`oauth2: {${jwt}, claims: {a: [b]}}`, 'found a list, want a text, a number, true or false')
  check(`oauth2: {${jwt}, signature_algorithm: ES256}`, 'valid signature algorithms are RS256, RS384 and RS512')
  check(
    '{oauth2: {client_id: a, token_url: "http://t"}, basic_auth: {username: u}}',
    'at most one of basic_auth, oauth2 & authorization must be configured',
  )
  check('{proxy_url: "http://p", no_proxy: x}', undefined)
  check('{proxy_url: "", proxy_from_environment: true}', undefined)
  check('proxy_url: "http://u:hidden@:x"', 'found "http://u:xxxxx@:x", want a URL such as http://host:9090/path')
  check('no_proxy: x', 'if no_proxy is configured, proxy_url must also be configured')
  check('{proxy_from_environment: true, no_proxy: x}', 'if proxy_from_environment is configured, no_proxy must not be configured')
  check(
    '{proxy_from_environment: true, proxy_url: "http://p"}',
    'if proxy_from_environment is configured, proxy_url must not be configured',
  )
  check(
    'proxy_connect_header: {X-A: [b]}',
    'if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured',
  )
  check('http_headers: {authorization: {values: [x]}}', 'setting header "Authorization" is not allowed')
  check('http_headers: {x-prometheus-scrape-timeout-seconds: {}}', 'setting header "X-Prometheus-Scrape-Timeout-Seconds" is not allowed')
  check('http_headers: {"x y": {values: [x]}}', 'found "x y", want the name of a header')
  check('http_headers: {cookie: {values: [x], secrets: [y], files: [z]}}', undefined)
})

test('secrets are not printed, and fields of old are printed as those of today', () => {
  const print = (text: string) => printable(schema, parse(text).data)
  assert.deepEqual(
    print(
      '{bearer_token: x, proxy_url: "http://u:hidden@p:1", proxy_connect_header: {a: [b]}, http_headers: {x: {values: [v], secrets: [s]}}, tls_config: {key: k, cert: c}}',
    ),
    {
      authorization: { type: 'Bearer', credentials: '<secret>' },
      tls_config: { cert: 'c', key: '<secret>', insecure_skip_verify: false },
      follow_redirects: true,
      enable_http2: true,
      proxy_url: 'http://u:xxxxx@p:1',
      proxy_connect_header: { a: ['<secret>'] },
      http_headers: { x: { values: ['v'], secrets: ['<secret>'] } },
    },
  )
  const claims = parse('oauth2: {client_id: a, token_url: "http://t", claims: {n: 5, t: "5", b: true}}').data?.oauth2?.claims
  assert.deepEqual({ ...claims }, { n: 5, t: '5', b: true })
  assert.deepEqual(print('{bearer_token_file: /t, enable_http2: false}'), {
    authorization: { type: 'Bearer', credentials_file: '/t' },
    follow_redirects: true,
    enable_http2: false,
  })
})
