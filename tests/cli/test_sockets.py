import socket

import pytest

from triode.cli.errors import CommandError
from triode.cli.sockets import listen, listen_at_path


def test_free_port_is_listened_on():
    with listen("127.0.0.1", 0) as listener:
        socket.create_connection(listener.getsockname()).close()


def test_localhost_is_the_address_everybody_reaches():
    with listen("localhost", 0) as listener:
        socket.create_connection(("127.0.0.1", listener.getsockname()[1])).close()


def test_port_in_use_names_the_port_and_a_free_one():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError) as caught:
            listen("127.0.0.1", port)
    expected = f"port {port} on 127.0.0.1 is in use. Choose another, for instance: --port "
    assert str(caught.value).startswith(expected)


def test_port_out_of_range_is_refused():
    with pytest.raises(CommandError, match=r"^the port 70000 is not between 0 and 65535$"):
        listen("127.0.0.1", 70000)


def test_unknown_host_is_refused():
    with pytest.raises(CommandError, match="the host 'no such host' is not known"):
        listen("no such host", 8000)


def test_address_of_another_machine_is_refused():
    with pytest.raises(CommandError, match=r"192\.0\.2\.1' is not an address of this machine"):
        listen("192.0.2.1", 0)


def test_dead_socket_file_is_replaced(tmp_path):
    path = tmp_path / "app.sock"
    listen_at_path(path).close()
    with listen_at_path(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_socket_file_of_another_server_is_kept(tmp_path):
    path = tmp_path / "app.sock"
    with listen_at_path(path), pytest.raises(CommandError, match="is in use by another server"):
        listen_at_path(path)


def test_socket_file_in_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(CommandError, match="cannot be made: No such file or directory"):
        listen_at_path(tmp_path / "missing" / "app.sock")
