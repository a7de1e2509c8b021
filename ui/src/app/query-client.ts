import { QueryClient } from '@tanstack/react-query'
import { ApiError } from '../api/client.ts'

/** Asking again helps when nothing answered; what the server refused it will refuse again. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failureCount, error) => error instanceof ApiError && error.type === 'unreachable' && failureCount < 1,
      retryDelay: 500,
      refetchOnWindowFocus: false,
      // Answers can be large; one that no panel shows is kept only for a step back.
      gcTime: 30_000,
      staleTime: Number.POSITIVE_INFINITY,
      // The API is on this host or the intranet: the browser's notion of being online says nothing about it.
      networkMode: 'always',
    },
  },
})
