"""Write a comparison's trainings as a Slurm array, one task a training."""

import math
import shlex
from collections.abc import Sequence

SPARE = 2  # a task may take this many times the estimate: another machine may be slower
FEWEST_MINUTES = 10


def slurm_script(commands: Sequence[str], seconds: float | None, name: str) -> str:
    """Return a script for `sbatch`.

    A task that is killed or requeued goes on where it was, because its command does.

    Args:
        commands: the commands of the trainings.
        seconds: the estimated time of the longest training; None if nobody knows.
        name: the job's name.
    """
    minutes = max(FEWEST_MINUTES, math.ceil(SPARE * seconds / 60)) if seconds and math.isfinite(seconds) else 24 * 60
    reason = f"{SPARE} × the estimate on this machine" if seconds else "no estimate; change it"
    quoted = "\n".join(f"  {shlex.quote(command)}" for command in commands)
    return f"""#!/bin/bash
# Submit with: sbatch FILE. Afterwards, the comparison's own command writes the report.
#SBATCH --job-name={shlex.quote(name)}
#SBATCH --array=0-{len(commands) - 1}
#SBATCH --time={minutes // 60:02d}:{minutes % 60:02d}:00  # {reason}
#SBATCH --signal=SIGUSR1@90 --requeue --open-mode=append
trainings=(
{quoted}
)
eval "srun ${{trainings[$SLURM_ARRAY_TASK_ID]}}"
"""
