import subprocess
import sys


def test_nothing_of_it_is_imported_unless_it_is_asked_for() -> None:
    program = (
        "import sys\n"
        "import gentap.cli, gentap.chain, gentap.evaluation.evaluate\n"
        "import gentap.stages.evaluation_stages, gentap.stages.training_stages\n"
        "import gentap.training.train_stages\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    modules = done.stdout.split()
    assert "gentap.training.train_stages" in modules
    assert not [one for one in modules if one.startswith(("gentap.trust", "opacus"))]
