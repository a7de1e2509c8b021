import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import page from '../app/data-page.module.css'
import { DataPage } from '../app/data-page.tsx'
import { Notice } from '../app/notice.tsx'
import { server } from '../app/server.ts'
import { Facts } from './facts.tsx'

/** The flags this server was started with; the filter stands in the URL. */
export function FlagsPage() {
  const search = useSearch({ from: '/flags' })
  const navigate = useNavigate({ from: '/flags' })
  const query = useQuery({ queryKey: ['flags'], queryFn: ({ signal }) => server.flags(signal) })
  const text = search['search'] ?? ''
  const filter = (
    <TextInput
      size="xs"
      className={page.search}
      leftSection={<IconSearch size={14} aria-hidden />}
      placeholder="Name or value"
      aria-label="Filter by name or value"
      value={text}
      onChange={({ currentTarget: { value } }) =>
        void navigate({ search: value === '' ? {} : { search: value }, replace: true, resetScroll: false })
      }
    />
  )
  return (
    <DataPage title="Flags" query={query} tools={filter}>
      {(flags) => {
        const wanted = text.trim().toLowerCase()
        const found = Object.entries(flags).filter(([name, value]) => `--${name}=${value}`.toLowerCase().includes(wanted))
        if (found.length === 0) return <Notice kind="empty" title="No flag passes the filter" />
        const value = (text: string) => (text === '' ? <i>empty</i> : <code>{text}</code>)
        return <Facts title="Command line" longNames facts={found.map(([name, text]) => [`--${name}`, value(text)])} />
      }}
    </DataPage>
  )
}
