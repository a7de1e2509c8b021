import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { realEnv } from '../../base/env-real.ts'
import { createLog } from '../../base/log-lines.ts'
import { PLAIN_HTTP_CLIENT } from '../../http-client/client-config.ts'
import { toEc2SdConfig } from './ec2.ts'
import { Ec2Instances } from './ec2-instances.ts'

// Requests and answers: AWS, EC2 Query API reference, DescribeInstances and DescribeAvailabilityZones.

const ZONES = `<DescribeAvailabilityZonesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><availabilityZoneInfo>
  <item><zoneName>eu-west-2a</zoneName><zoneId>euw2-az2</zoneId><regionName>eu-west-2</regionName></item></availabilityZoneInfo></DescribeAvailabilityZonesResponse>`

const page = (
  token: string,
  ...instances: readonly string[]
) => `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet>
  <item><ownerId>42</ownerId><instancesSet>${instances.map((one) => `<item>${one}</item>`).join('')}</instancesSet></item></reservationSet>
  ${token === '' ? '' : `<nextToken>${token}</nextToken>`}</DescribeInstancesResponse>`

const FULL = `<instanceId>i-1</instanceId><imageId>ami-1</imageId><instanceState><code>16</code><name>running</name></instanceState>
  <privateDnsName>in.internal</privateDnsName><dnsName>out.example</dnsName><instanceType>t3.micro</instanceType><placement><availabilityZone>eu-west-2a</availabilityZone></placement>
  <platform>windows</platform><instanceLifecycle>spot</instanceLifecycle><architecture>x86_64</architecture>
  <subnetId>s-1</subnetId><vpcId>v-1</vpcId><privateIpAddress>10.0.0.1</privateIpAddress><ipAddress>1.2.3.4</ipAddress>
  <networkInterfaceSet>
    <item><subnetId>s-1</subnetId><attachment><deviceIndex>1</deviceIndex></attachment><ipv6AddressesSet>
      <item><ipv6Address>2001:db8::1</ipv6Address><isPrimaryIpv6>true</isPrimaryIpv6></item><item><ipv6Address>2001:db8::2</ipv6Address></item></ipv6AddressesSet></item>
    <item><subnetId>s-2</subnetId><attachment><deviceIndex>0</deviceIndex></attachment></item>
    <item><subnetId>s-1</subnetId></item>
  </networkInterfaceSet>
  <tagSet><item><key>Team Name</key><value>shop &amp; co</value></item></tagSet>`
const BARE = `<instanceId>i-2</instanceId><imageId>ami-2</imageId><instanceState><name>stopped</name></instanceState><instanceType>t2</instanceType>
  <placement><availabilityZone>eu-west-2z</availabilityZone></placement><privateIpAddress>10.0.0.2</privateIpAddress>`

function bodyOf(request: IncomingMessage): Promise<URLSearchParams> {
  return new Promise((resolve) => {
    let text = ''
    request.on('data', (part) => (text += part))
    request.on('end', () => resolve(new URLSearchParams(text)))
  })
}

/** A server that answers as EC2 does. */
async function withServer(
  answer: (form: URLSearchParams, request: IncomingMessage) => readonly [status: number, body: string],
  run: (endpoint: string) => Promise<void>,
): Promise<void> {
  const server = createServer((request, response) => {
    void bodyOf(request).then((form) => {
      const [status, body] = answer(form, request)
      response.writeHead(status, { 'content-type': 'text/xml' })
      response.end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const env = realEnv(createLog({ level: 'error', format: 'logfmt', now: Date.now, write: () => {} }))
const instancesOf = (endpoint: string, changes: object = {}) =>
  new Ec2Instances(
    env,
    toEc2SdConfig({ region: 'eu-west-2', endpoint, access_key: 'AKID', secret_key: 'secret', port: 9100, ...changes }, PLAIN_HTTP_CLIENT),
  )

test('instances become targets, over all pages', async () => {
  const forms: URLSearchParams[] = []
  const authorizations: string[] = []
  await withServer(
    (form, request) => {
      forms.push(form)
      authorizations.push(request.headers.authorization ?? '')
      if (form.get('Action') === 'DescribeAvailabilityZones') return [200, ZONES]
      return [200, form.get('NextToken') === 'more' ? page('', BARE, '<instanceId>without address</instanceId>') : page('more', FULL)]
    },
    async (endpoint) => {
      const group = await instancesOf(endpoint, { filters: [{ name: 'tag:team', values: ['a', 'b'] }] }).read(new AbortController().signal)
      assert.equal(group.source, 'eu-west-2')
      assert.deepEqual(
        group.targets.map((target) => target.toObject()),
        [
          Object.assign(Object.create(null), {
            __address__: '10.0.0.1:9100',
            __meta_ec2_ami: 'ami-1',
            __meta_ec2_architecture: 'x86_64',
            __meta_ec2_availability_zone: 'eu-west-2a',
            __meta_ec2_availability_zone_id: 'euw2-az2',
            __meta_ec2_instance_id: 'i-1',
            __meta_ec2_instance_lifecycle: 'spot',
            __meta_ec2_instance_state: 'running',
            __meta_ec2_instance_type: 't3.micro',
            __meta_ec2_ipv6_addresses: ',2001:db8::1,2001:db8::2,',
            __meta_ec2_owner_id: '42',
            __meta_ec2_platform: 'windows',
            __meta_ec2_primary_ipv6_addresses: ',,2001:db8::1,',
            __meta_ec2_primary_subnet_id: 's-1',
            __meta_ec2_private_dns_name: 'in.internal',
            __meta_ec2_private_ip: '10.0.0.1',
            __meta_ec2_public_dns_name: 'out.example',
            __meta_ec2_public_ip: '1.2.3.4',
            __meta_ec2_region: 'eu-west-2',
            __meta_ec2_subnet_id: ',s-1,s-2,',
            __meta_ec2_tag_Team_Name: 'shop & co',
            __meta_ec2_vpc_id: 'v-1',
          }),
          Object.assign(Object.create(null), {
            __address__: '10.0.0.2:9100',
            __meta_ec2_ami: 'ami-2',
            __meta_ec2_availability_zone: 'eu-west-2z',
            __meta_ec2_instance_id: 'i-2',
            __meta_ec2_instance_state: 'stopped',
            __meta_ec2_instance_type: 't2',
            __meta_ec2_owner_id: '42',
            __meta_ec2_private_ip: '10.0.0.2',
            __meta_ec2_region: 'eu-west-2',
          }),
        ],
      )
    },
  )
  assert.deepEqual(
    [forms[1].get('Filter.1.Name'), forms[1].get('Filter.1.Value.1'), forms[1].get('Filter.1.Value.2')],
    ['tag:team', 'a', 'b'],
  )
  assert.match(authorizations[1], /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-2\/ec2\/aws4_request, /)
})

test('zones that may not be asked for are left out, and a refusal is told', async () => {
  const refused = (code: string) =>
    [403, `<Response><Errors><Error><Code>${code}</Code><Message>you are not allowed</Message></Error></Errors></Response>`] as const
  let isAllowed = true
  await withServer(
    (form) => {
      if (form.get('Action') === 'DescribeAvailabilityZones') return refused('UnauthorizedOperation')
      return isAllowed ? [200, page('', FULL)] : refused('AuthFailure')
    },
    async (endpoint) => {
      const instances = instancesOf(endpoint)
      const { targets } = await instances.read(new AbortController().signal)
      assert.equal(targets[0].get('__meta_ec2_availability_zone_id'), '')
      isAllowed = false
      await assert.rejects(instances.read(new AbortController().signal), (error: Error) => {
        assert.equal(error.message, 'could not describe instances')
        assert.match(String(error.cause), /you are not allowed/)
        return true
      })
      isAllowed = true
      assert.equal((await instances.read(new AbortController().signal)).targets.length, 1)
    },
  )
})
