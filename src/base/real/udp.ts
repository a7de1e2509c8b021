import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Udp } from '../env.ts'

/** Room for bursts while the event loop is busy. Source: hashicorp/memberlist, net_transport.go, udpRecvBufSize. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024

export const realUdp: Udp = {
  bind({ host, port }, received) {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    socket.on('message', (bytes, from) => received(bytes, { host: from.address, port: from.port }))
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(port, host, () => {
        socket.off('error', reject)
        // What could not be sent is lost, as datagrams are.
        socket.on('error', () => {})
        try {
          socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
        } catch {
          // The system allows less, and gives what it does.
        }
        let isOpen = true
        resolve({
          host,
          port: socket.address().port,
          send(bytes, toHost, toPort) {
            if (isOpen) socket.send(bytes, toPort, toHost, () => {})
          },
          close() {
            if (isOpen) socket.close()
            isOpen = false
          },
        })
      })
    })
  },
  addresses() {
    return Object.values(networkInterfaces())
      .flatMap((of) => of ?? [])
      .filter((one) => !one.internal)
      .map((one) => one.address)
  },
}
