import type { Channel, ClusterStatus, ClusterView } from './replicated-state.ts'

/** A member without others: `--cluster.listen-address=`. */
export class LoneMember implements ClusterView {
  addState(): Channel {
    return { broadcast: () => {} }
  }

  position(): number {
    return 0
  }

  settled(): Promise<void> {
    return Promise.resolve()
  }

  isSettled(): boolean {
    return true
  }

  allHave(): boolean {
    return false
  }

  hasMember(): boolean {
    return false
  }

  status(): ClusterStatus {
    return { status: 'disabled', name: '', peers: [] }
  }
}
