/* calls.h - the functions that the recorder stands in front of, and the callbacks that it
 * gives to libuv: each once, with what is needed to make the function that takes its
 * place. Who includes this says what CALL is to be, and the others if they are to be
 * more. The Makefile takes the names from here, too (--wrap).
 *
 *     CALL(name)                                       is written by hand,
 *     COUNTS(name, what, parameters, arguments)        is counted, if it is linked in
 *     MAKES(name, kind, parameters, arguments, then)   makes a handle
 *     STARTS(name, kind, type, parameters, arguments, first)   has `handle` call cb
 *     ASKS(name, kind, parameters, arguments)          has cb called for `req`
 *     FS2(name, type, type)                            the same, of these two parameters
 *     HANDLE(kind, parameters, arguments)              a callback of a handle,
 *     REQUEST(kind, parameters, arguments)             of a request */
/* clang-format off */

#ifndef COUNTS
#define COUNTS(name, what, parameters, arguments) CALL(name)
#endif
#ifndef MAKES
#define MAKES(name, kind, parameters, arguments, then) CALL(name)
#define STARTS(name, kind, type, parameters, arguments, first) CALL(name)
#define ASKS(name, kind, parameters, arguments) CALL(name)
#endif
#ifndef HANDLE
#define HANDLE(kind, parameters, arguments)
#define REQUEST(kind, parameters, arguments)
#endif
#ifndef UNPACK
#define UNPACK(...) __VA_ARGS__
#define FS(name, parameters, arguments) \
    ASKS(name, fs, (uv_loop_t *loop, uv_fs_t *req, UNPACK parameters, uv_fs_cb cb), \
         (loop, req, UNPACK arguments, cb))
#define FS1(name, A) FS(name, (A a), (a))
#define FS2(name, A, B) FS(name, (A a, B b), (a, b))
#define FS3(name, A, B, C) FS(name, (A a, B b, C c), (a, b, c))
#define FS4(name, A, B, C, D) FS(name, (A a, B b, C c, D d), (a, b, c, d))
#define TEXT const char *
#endif

HANDLE(timer, (uv_timer_t *handle), (handle))
HANDLE(idle, (uv_idle_t *handle), (handle))
HANDLE(prepare, (uv_prepare_t *handle), (handle))
HANDLE(check, (uv_check_t *handle), (handle))
HANDLE(async, (uv_async_t *handle), (handle))
HANDLE(signal, (uv_signal_t *handle, int signal), (handle, signal))
HANDLE(poll, (uv_poll_t *handle, int status, int events), (handle, status, events))
HANDLE(connection, (uv_stream_t *handle, int status), (handle, status))
HANDLE(alloc, (uv_handle_t *handle, size_t size, uv_buf_t *buf), (handle, size, buf))
HANDLE(read, (uv_stream_t *handle, ssize_t n, const uv_buf_t *buf), (handle, n, buf))
HANDLE(receive, (uv_udp_t *handle, ssize_t n, const uv_buf_t *buf,
       const struct sockaddr *from, unsigned flags), (handle, n, buf, from, flags))
HANDLE(fs_event, (uv_fs_event_t *handle, TEXT name, int events, int status),
       (handle, name, events, status))
HANDLE(fs_poll, (uv_fs_poll_t *handle, int status, const uv_stat_t *before,
       const uv_stat_t *after), (handle, status, before, after))
HANDLE(process, (uv_process_t *handle, int64_t code, int signal), (handle, code, signal))
HANDLE(close, (uv_handle_t *handle), (handle))
REQUEST(write, (uv_write_t *req, int status), (req, status))
REQUEST(shutdown, (uv_shutdown_t *req, int status), (req, status))
REQUEST(connect, (uv_connect_t *req, int status), (req, status))
REQUEST(send, (uv_udp_send_t *req, int status), (req, status))
REQUEST(fs, (uv_fs_t *req), (req))
REQUEST(getaddrinfo, (uv_getaddrinfo_t *req, int status, struct addrinfo *found),
        (req, status, found))
REQUEST(getnameinfo, (uv_getnameinfo_t *req, int status, TEXT host, TEXT service),
        (req, status, host, service))
REQUEST(random, (uv_random_t *req, int status, void *to, size_t n), (req, status, to, n))
REQUEST(work, (uv_work_t *req), (req))
REQUEST(after_work, (uv_work_t *req, int status), (req, status))

CALL(free) CALL(uv_run) CALL(uv_loop_close) CALL(uv_close) CALL(uv_tcp_close_reset)
CALL(uv_timer_again) CALL(uv_pipe_connect) CALL(uv_queue_work)

COUNTS(uv_thread_create, threads, (uv_thread_t *thread, uv_thread_cb run, void *argument),
       (thread, run, argument))
COUNTS(pthread_create, threads, (pthread_t *thread, const pthread_attr_t *how,
       void *(*run)(void *), void *argument), (thread, how, run, argument))
COUNTS(thrd_create, threads, (thrd_t *thread, thrd_start_t run, void *argument),
       (thread, run, argument))
COUNTS(fork, processes, (void), ())
COUNTS(posix_spawn, processes, (pid_t *pid, TEXT path,
       const posix_spawn_file_actions_t *files, const posix_spawnattr_t *how,
       char *const words[], char *const environment[]),
       (pid, path, files, how, words, environment))
COUNTS(posix_spawnp, processes, (pid_t *pid, TEXT file,
       const posix_spawn_file_actions_t *files, const posix_spawnattr_t *how,
       char *const words[], char *const environment[]),
       (pid, file, files, how, words, environment))

MAKES(uv_timer_init, timer, (uv_timer_t *handle), (handle), )
MAKES(uv_idle_init, idle, (uv_idle_t *handle), (handle), )
MAKES(uv_prepare_init, prepare, (uv_prepare_t *handle), (handle), )
MAKES(uv_check_init, check, (uv_check_t *handle), (handle), )
MAKES(uv_signal_init, signal, (uv_signal_t *handle), (handle), )
MAKES(uv_poll_init, poll, (uv_poll_t *handle, int fd), (handle, fd), )
MAKES(uv_poll_init_socket, poll, (uv_poll_t *handle, uv_os_sock_t fd), (handle, fd), )
MAKES(uv_tcp_init, tcp, (uv_tcp_t *handle), (handle), )
MAKES(uv_tcp_init_ex, tcp, (uv_tcp_t *handle, unsigned flags), (handle, flags), )
MAKES(uv_pipe_init, pipe, (uv_pipe_t *handle, int ipc), (handle, ipc), )
MAKES(uv_tty_init, tty, (uv_tty_t *handle, uv_file fd, int reads), (handle, fd, reads), )
MAKES(uv_udp_init, udp, (uv_udp_t *handle), (handle), )
MAKES(uv_udp_init_ex, udp, (uv_udp_t *handle, unsigned flags), (handle, flags), )
MAKES(uv_fs_event_init, fs_event, (uv_fs_event_t *handle), (handle), )
MAKES(uv_fs_poll_init, fs_poll, (uv_fs_poll_t *handle), (handle), )
MAKES(uv_async_init, async, (uv_async_t *handle, uv_async_cb cb), (handle, cb),
      SET(async_cb, cb, on_async))
MAKES(uv_spawn, process, (uv_process_t *handle, const uv_process_options_t *options),
      (handle, options), SET(exit_cb, options->exit_cb, on_process); arm(self, HERE))

STARTS(uv_timer_start, timer, uv_timer_t, (uv_timer_cb cb, uint64_t ms, uint64_t repeat),
       (cb, ms, repeat), set_due(handle, now(), ms))
STARTS(uv_idle_start, idle, uv_idle_t, (uv_idle_cb cb), (cb), )
STARTS(uv_prepare_start, prepare, uv_prepare_t, (uv_prepare_cb cb), (cb), )
STARTS(uv_check_start, check, uv_check_t, (uv_check_cb cb), (cb), )
STARTS(uv_signal_start, signal, uv_signal_t, (uv_signal_cb cb, int n), (cb, n), )
STARTS(uv_signal_start_oneshot, signal, uv_signal_t, (uv_signal_cb cb, int n), (cb, n), )
STARTS(uv_poll_start, poll, uv_poll_t, (int events, uv_poll_cb cb), (events, cb),
       is_watching = true)
STARTS(uv_listen, connection, uv_stream_t, (int most, uv_connection_cb cb), (most, cb), )
STARTS(uv_read_start, read, uv_stream_t, (uv_alloc_cb alloc, uv_read_cb cb), (alloc, cb),
       alloc = set_alloc(handle, alloc))
STARTS(uv_udp_recv_start, receive, uv_udp_t, (uv_alloc_cb alloc, uv_udp_recv_cb cb),
       (alloc, cb), alloc = set_alloc(handle, alloc))
STARTS(uv_fs_event_start, fs_event, uv_fs_event_t, (uv_fs_event_cb cb, TEXT path,
       unsigned flags), (cb, path, flags), )
STARTS(uv_fs_poll_start, fs_poll, uv_fs_poll_t, (uv_fs_poll_cb cb, TEXT path,
       unsigned ms), (cb, path, ms), )

ASKS(uv_write, write, (uv_write_t *req, uv_stream_t *to, const uv_buf_t buf[], unsigned n,
     uv_write_cb cb), (req, to, buf, n, cb))
ASKS(uv_write2, write, (uv_write_t *req, uv_stream_t *to, const uv_buf_t buf[],
     unsigned n, uv_stream_t *sent, uv_write_cb cb), (req, to, buf, n, sent, cb))
ASKS(uv_shutdown, shutdown, (uv_shutdown_t *req, uv_stream_t *to, uv_shutdown_cb cb),
     (req, to, cb))
ASKS(uv_tcp_connect, connect, (uv_connect_t *req, uv_tcp_t *tcp,
     const struct sockaddr *to, uv_connect_cb cb), (req, tcp, to, cb))
ASKS(uv_udp_send, send, (uv_udp_send_t *req, uv_udp_t *by, const uv_buf_t buf[],
     unsigned n, const struct sockaddr *to, uv_udp_send_cb cb), (req, by, buf, n, to, cb))
ASKS(uv_getaddrinfo, getaddrinfo, (uv_loop_t *loop, uv_getaddrinfo_t *req,
     uv_getaddrinfo_cb cb, TEXT host, TEXT service, const struct addrinfo *hints),
     (loop, req, cb, host, service, hints))
ASKS(uv_getnameinfo, getnameinfo, (uv_loop_t *loop, uv_getnameinfo_t *req,
     uv_getnameinfo_cb cb, const struct sockaddr *address, int flags),
     (loop, req, cb, address, flags))
ASKS(uv_random, random, (uv_loop_t *loop, uv_random_t *req, void *buf, size_t size,
     unsigned flags, uv_random_cb cb), (loop, req, buf, size, flags, cb))

FS1(uv_fs_close, uv_file) FS1(uv_fs_fdatasync, uv_file) FS1(uv_fs_fstat, uv_file)
FS1(uv_fs_fsync, uv_file) FS1(uv_fs_closedir, uv_dir_t *) FS1(uv_fs_readdir, uv_dir_t *)
FS1(uv_fs_lstat, TEXT) FS1(uv_fs_mkdtemp, TEXT) FS1(uv_fs_mkstemp, TEXT)
FS1(uv_fs_opendir, TEXT) FS1(uv_fs_readlink, TEXT) FS1(uv_fs_realpath, TEXT)
FS1(uv_fs_rmdir, TEXT) FS1(uv_fs_stat, TEXT) FS1(uv_fs_statfs, TEXT)
FS1(uv_fs_unlink, TEXT) FS2(uv_fs_access, TEXT, int) FS2(uv_fs_chmod, TEXT, int)
FS2(uv_fs_mkdir, TEXT, int) FS2(uv_fs_scandir, TEXT, int)
FS2(uv_fs_link, TEXT, TEXT) FS2(uv_fs_rename, TEXT, TEXT)
FS2(uv_fs_fchmod, uv_file, int) FS2(uv_fs_ftruncate, uv_file, int64_t)
FS3(uv_fs_chown, TEXT, uv_uid_t, uv_gid_t) FS3(uv_fs_lchown, TEXT, uv_uid_t, uv_gid_t)
FS3(uv_fs_fchown, uv_file, uv_uid_t, uv_gid_t) FS3(uv_fs_futime, uv_file, double, double)
FS3(uv_fs_utime, TEXT, double, double) FS3(uv_fs_lutime, TEXT, double, double)
FS3(uv_fs_copyfile, TEXT, TEXT, int) FS3(uv_fs_symlink, TEXT, TEXT, int)
FS3(uv_fs_open, TEXT, int, int) FS4(uv_fs_sendfile, uv_file, uv_file, int64_t, size_t)
FS4(uv_fs_read, uv_file, const uv_buf_t *, unsigned, int64_t)
FS4(uv_fs_write, uv_file, const uv_buf_t *, unsigned, int64_t)

#undef CALL
#undef COUNTS
#undef MAKES
#undef STARTS
#undef ASKS
#undef HANDLE
#undef REQUEST
