"""A kernel that is forked rather than started, so that it has its imports already.

It is forked while its worker still is a process without threads, event loop and sockets of its own, and waits; whoever
launches it tells it the command that would have started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, NoReturn

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

_NAME = "haicbook-forked"
_waiting: list[ForkedKernel] = []


class ForkedKernel:
    """A forked process that becomes a kernel; for Jupyter's client it is as a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, *foreign: int) -> None:
        told, tell = os.pipe()
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            for descriptor in (tell, *foreign):
                os.close(descriptor)
            _become_kernel(told)
        os.close(told)
        self._tell = tell

    def launch(self, command: list[str], *, env: dict[str, str], cwd: str | None) -> None:
        """Let it be what a command would start."""
        with open(self._tell, "w", encoding="utf-8") as file:  # noqa: PTH123
            json.dump({"arguments": command, "env": env, "cwd": str(cwd or Path.cwd())}, file)

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._ended(os.WNOHANG)

    def wait(self) -> int | None:
        """Wait for its end."""
        return self._ended(0)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Make it end."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, how: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, how)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


class ForkedProvisioner(LocalProvisioner):
    """Gives Jupyter's client the kernel that waits."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Let the waiting process be this kernel."""
        kernel = _waiting.pop()
        # it ends when its parent does; Jupyter's client says so in the environment, which was read on import
        command = [*cmd, f"--IPKernelApp.parent_handle={os.getpid()}"]
        kernel.launch(command, env=kwargs["env"], cwd=kwargs.get("cwd"))
        # it leads a process group of its own, as one that Jupyter's client starts does
        self.process: Any = kernel
        self.pid, self.pgid = kernel.pid, kernel.pid
        self.cwd = kwargs.get("cwd")
        return self.connection_info


def fork_kernel(*foreign: int) -> None:
    """Fork the kernel of this process now; Jupyter's client will take it when it wants one.

    Parameters
    ----------
    foreign
        Descriptors that are none of the kernel's business.
    """
    _waiting.append(ForkedKernel(*foreign))
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[_NAME] = EntryPoint(_NAME, f"{__name__}:{ForkedProvisioner.__name__}", factory.GROUP_NAME)
    factory.default_provisioner_name = _NAME


def _become_kernel(told: int) -> NoReturn:
    os.setsid()
    with open(os.devnull) as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
    with open(told, encoding="utf-8") as file:
        text = file.read()
    if text:
        launch = json.loads(text)
        os.environ.clear()
        os.environ.update(launch["env"])
        os.chdir(launch["cwd"])
        # after the interpreter, `-m` and the launcher's name
        sys.argv = launch["arguments"][2:]
        from ipykernel.kernelapp import launch_new_instance

        launch_new_instance()
    os._exit(0)
