import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { seededRandom } from '../base/virtual/random.ts'
import { ipBytes, ipText } from './ip-bytes.ts'
import { compressLzw, decompressLzw } from './lzw.ts'
import { encodeMessage, type Message } from './messages.ts'
import { encodeMap, MsgpackReader } from './msgpack.ts'
import { compounds, compressed, openPacket, sealPacket } from './packet.ts'
import {
  decodeStream,
  encodePushPull,
  encodeStreamError,
  encodeStreamUser,
  type PushPull,
  StreamReader,
  sealStream,
} from './stream-codec.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))

// What Alertmanager 0.33 and 0.25 sent when they were told to join 127.0.0.1:29794.
const JOIN_033 =
  '0982a4416c676f00a3427566da008e000d0c22a5e44d1a37c34a397943a6cc9c00acaacc2923670a9d3074ca3029e3c6c1215241c8909143ea0f00000156257133268c1c3718d3bc7113805493321741917212a64d195d306234c111c34a0d1b516c20997244491119438858b9a164860c1c46b49082f2460e9d66721494b288b10c805156e6b83115a08080930014145030c08d193672e9ce49c32620'
const JOIN_025 =
  '0982a4416c676f00a3427566da008d000d0c22a5e44d1a37c34a397943a6cc9c00acaacc2923670a9d3074ca3029e3c6c1215241c8909143ea0f00000156257133268c1c3718d3bc7113805493321741917212a64d195d306234c111c34a8d204d905cc941c3090d254b8a64d17244c892254d829082f2460e9d662f4b59c45806c0282b73dc980a5040c049000a0a2818e0c60c9bb873e7a4611310'

const VERSIONS = Uint8Array.of(1, 5, 2, 0, 0, 0)
const MESSAGES: readonly Message[] = [
  { type: 'ping', sequence: 70_000, node: 'b', source: { address: Uint8Array.of(10, 0, 0, 1), port: 9094, name: 'a' } },
  { type: 'ping', sequence: 0, node: '', source: undefined },
  { type: 'indirectPing', sequence: 1, target: Uint8Array.of(10, 0, 0, 3), port: 65_535, node: 'c', wantsNack: true, source: undefined },
  { type: 'ack', sequence: 0xffffffff },
  { type: 'nack', sequence: 200 },
  { type: 'suspect', incarnation: 3, node: 'b', from: 'a' },
  { type: 'dead', incarnation: 3, node: 'b'.repeat(40), from: 'ä' },
  { type: 'alive', incarnation: 1, node: 'b', address: new Uint8Array(16).fill(1), port: 1, meta: new Uint8Array(300), versions: VERSIONS },
  { type: 'user', bytes: Uint8Array.of(1, 2, 3) },
]
const plain = (value: unknown) => JSON.parse(JSON.stringify(value, (_, v) => (v instanceof Uint8Array ? [...v] : v)))

test('the joins that upstream sends are read, byte for byte', () => {
  for (const [version, hex] of [
    ['0.33', JOIN_033],
    ['0.25', JOIN_025],
  ]) {
    const join = decodeStream(bytes(hex)) as PushPull
    assert.equal(join.type, 'pushPull', version)
    assert.equal(join.isJoin, true)
    assert.equal(join.members.length, 1)
    const [{ name, address, port, incarnation, state, versions }] = join.members
    assert.match(name, /^01[0-9A-Z]{24}$/)
    assert.deepEqual([ipText(address), port, incarnation, state], ['127.0.0.1', version === '0.33' ? 29194 : 29294, 1, 'alive'])
    assert.deepEqual(plain(versions), [1, 5, 2, 0, 0, 0])
    assert.equal(Buffer.from(join.state).toString('latin1'), '\n\x05\n\x03nfl\n\x05\n\x03sil')
  }
})

test('what was encoded is decoded, in any wrapping', () => {
  for (const message of MESSAGES) {
    const encoded = encodeMessage(message)
    for (const hasChecksum of [false, true])
      for (const label of ['', 'blue'])
        assert.deepEqual(plain(openPacket(sealPacket(encoded, { label, hasChecksum }), label)), plain({ messages: [message], faults: [] }))
  }
  const many = Array.from({ length: 300 }, () => encodeMessage(MESSAGES[3]))
  assert.deepEqual(
    compounds(many).map((one) => openPacket(one, '').messages.length),
    [255, 45],
  )
})

test('what is damaged, of another cluster, or no message is refused, and the rest of a compound counts', () => {
  const sealed = sealPacket(encodeMessage(MESSAGES[8]), { label: 'blue', hasChecksum: true })
  assert.throws(() => openPacket(sealed, ''), /found label "blue", want ""/)
  assert.throws(() => openPacket(sealed, 'green'), /want "green"/)
  sealed[sealed.length - 1] ^= 1
  assert.throws(() => openPacket(sealed, 'blue'), /checksum is/)
  assert.throws(() => openPacket(Uint8Array.of(244, 0), ''), /label is empty/)
  const { messages, faults } = openPacket(compounds([Uint8Array.of(99), encodeMessage(MESSAGES[3]), Uint8Array.of(0, 0xc1)])[0], '')
  assert.deepEqual(messages, [MESSAGES[3]])
  assert.deepEqual(faults, ['found a message of type 99, which does not come so', 'msgpack: type 0xc1 is not used here'])
})

test('numbers, texts and bytes are read in every width that upstream may write', () => {
  const read = (hex: string) => new MsgpackReader(bytes(hex)).value()
  for (const [hex, want] of [
    ['d30000000000000005', 5],
    ['cf0000000000000005', 5],
    ['d1ff00', -256],
    ['d0ff', -1],
    ['e0', -32],
    ['d200000100', 256],
    ['c0', null],
    ['c3', true],
  ] as const)
    assert.equal(read(hex), want, hex)
  for (const hex of ['a161', 'd90161', 'da000161', 'db0000000161', 'c40161', 'c5000161', 'c60000000161'])
    assert.deepEqual(plain(read(hex)), [97], hex)
  assert.deepEqual(plain(new MsgpackReader(encodeMap({ a: 1 })).map().get('a')), 1)
})

test('msgpack that nests or claims too much is refused before it costs anything', () => {
  const refuses = (hex: string, why: RegExp) => assert.throws(() => new MsgpackReader(bytes(hex)).value(), why)
  refuses('91'.repeat(50), /more than 8 deep/)
  refuses('81a161'.repeat(50), /more than 8 deep/)
  refuses('ddffffffff', /ends in the middle/)
  refuses('dfffffffff', /ends in the middle/)
  refuses('c6ffffffff00', /ends in the middle/)
})

test('lzw gives back what it took, through every width and a full table', () => {
  const check = (data: Uint8Array) => assert.deepEqual(Buffer.from(decompressLzw(compressLzw(data), 1 << 20)), Buffer.from(data))
  check(new Uint8Array(0))
  check(Uint8Array.of(7))
  check(new Uint8Array(50_000))
  check(seededRandom(SEED).bytes(20_000))
  // Every count of codes around the one that fills the table.
  const random = seededRandom(SEED + 1).bytes(4200)
  for (let length = 3800; length < 3880; length++) check(random.subarray(0, length))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 1, max: 255 }), (data, mask) =>
      check(data.map((byte) => byte & mask)),
    ),
    {
      seed: SEED,
      numRuns: 100,
    },
  )
})

test('lzw stops at its limit', () => {
  const bomb = compressLzw(new Uint8Array(5_000_000))
  assert.ok(bomb.length < 5000)
  assert.throws(() => decompressLzw(bomb, 1 << 20), /lzw: more than 1048576 bytes/)
  const { messages, faults } = openPacket(compressed(new Uint8Array(5_000_000)), '')
  assert.deepEqual([messages, faults.length], [[], 1])
  let nested = encodeMessage(MESSAGES[3])
  for (let depth = 0; depth < 10; depth++) nested = compressed(nested)
  assert.match(openPacket(nested, '').faults.join(), /more than 4 deep/)
})

test('requests are read from a connection however their bytes come', () => {
  const pushPull: PushPull = {
    type: 'pushPull',
    isJoin: true,
    members: [
      {
        name: 'a',
        address: Uint8Array.of(10, 0, 0, 1),
        port: 9094,
        meta: new Uint8Array(0),
        incarnation: 1,
        state: 'left',
        versions: VERSIONS,
      },
    ],
    state: seededRandom(SEED).bytes(3000),
  }
  const requests = [
    [encodePushPull(pushPull), pushPull],
    [encodeStreamUser(Uint8Array.of(1, 2)), { type: 'user', bytes: Uint8Array.of(1, 2) }],
    [encodeStreamError('no'), { type: 'error', message: 'no' }],
    [encodeMessage(MESSAGES[0]), MESSAGES[0]],
  ] as const
  for (const [encoded, want] of requests)
    for (const label of [undefined, '', 'blue'])
      for (const step of [1, 7, 100_000]) {
        const sealed = label === undefined ? encoded : sealStream(encoded, label)
        const reader = new StreamReader(label)
        let found: unknown
        for (let at = 0; at < sealed.length; at += step) found = reader.add(sealed.subarray(at, at + step)) ?? found
        assert.deepEqual(plain(found), plain(want))
      }
  assert.throws(() => new StreamReader('green').add(sealStream(encodeStreamUser(new Uint8Array(1)), 'blue')), /found label "blue"/)
})

test('garbage never does more than be refused', () => {
  const random = seededRandom(SEED)
  const refused = { packets: 0, streams: 0 }
  const samples = MESSAGES.map((message) => sealPacket(encodeMessage(message), { label: '', hasChecksum: false }))
  samples.push(compounds(samples)[0], bytes(JOIN_033), bytes(JOIN_025))
  for (let run = 0; run < 5000; run++) {
    const sample = samples[Math.floor(random.next() * samples.length)].slice()
    const damaged = run % 3 === 0 ? random.bytes(Math.floor(random.next() * 200)) : sample
    for (let flips = 0; flips < 3 && damaged.length > 0; flips++) damaged[Math.floor(random.next() * damaged.length)] = random.bytes(1)[0]
    try {
      if (openPacket(damaged, '').faults.length > 0) refused.packets++
    } catch {
      refused.packets++
    }
    try {
      decodeStream(damaged)
    } catch {
      refused.streams++
    }
  }
  assert.ok(refused.packets > 1000 && refused.streams > 3000, JSON.stringify(refused))
})

test('addresses are texts as Go writes them', () => {
  const check = (text: string, want = text) => assert.equal(ipText(ipBytes(text)!), want)
  check('10.0.0.1')
  check('::ffff:10.0.0.1', '10.0.0.1')
  check('2001:db8::1')
  check('::')
  check('fe80:0:0:1::')
  check('1:0:2:3:4:5:6:7')
  assert.equal(ipBytes('10.0.0.1')!.length, 4)
  assert.equal(ipBytes('name'), undefined)
})
