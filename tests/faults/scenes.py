"""The faults by name, each in its size for the gate and its full one."""
import clock
import crowded
import crowds
import damage
import disk
import slow
from fuzz import scene as fuzz_scene
from host import Failed
from kills import scene as kill_scene

KILLS_IN_GATE, KILLS_LONG = 25, 1000
DAMAGES_IN_GATE, DAMAGES_LONG = 15, 400
FUZZ_IN_GATE, FUZZ_LONG = 4_000, 100_000


# ---- plants: effects that the checks must find

def lose_a_write(writers, _seen, found):
    name = next(what[1] for each in writers for what in each["acknowledged"].values() if what[1] not in each["deleted"])
    found[:] = [entry for entry in found if entry[0] != name]


def skip_an_event(_writers, seen, _found):
    revision = seen["order"].pop(len(seen["order"]) // 2)
    del seen["events"][revision]


def double_a_write(_writers, _seen, found):
    found.append(found[0])


KILL_PLANTS = {"lost-write": lose_a_write, "skipped-event": skip_an_event, "double-write": double_a_write}


def lose_an_object(filler):
    filler.acknowledged["fill-never-written"] = 1


def expect_another_value(truth):
    return {**truth, "kept-1": "another value than what was written"}


DISK_PLANTS = {"disk-lost-write": lose_an_object}
DAMAGE_PLANTS = {"damage-served": expect_another_value}
PLANTS = [*KILL_PLANTS, *DISK_PLANTS, *DAMAGE_PLANTS]


def kills(given):
    count = given.kills or (KILLS_LONG if given.long else KILLS_IN_GATE)
    return kill_scene.run(given.troupe, given.folder, given.seed, count, KILL_PLANTS.get(given.plant))


def sized(scene, long, gate):
    """A scene with its sizes: `long` with --long, `gate` without."""
    return lambda given: scene(given.troupe, given.folder, *(long if given.long else gate))


SCENES = {
    "kills": kills,
    "disk": lambda given: disk.run(given.troupe, given.folder, DISK_PLANTS.get(given.plant)),
    "damage": lambda given: damage.run(given.troupe, given.folder, given.seed, DAMAGES_LONG if given.long else DAMAGES_IN_GATE,
                                       DAMAGE_PLANTS.get(given.plant)),
    "clock": sized(clock.run, (len(clock.STEPS),), (2,)),
    "files": sized(crowds.files, (), ()),
    "idle": sized(crowds.idle, (crowds.IDLE,), (crowds.IDLE_IN_GATE,)),
    "deaf": sized(crowds.deaf, (crowds.WATCHERS, crowds.DEAF, True), (crowds.WATCHERS_IN_GATE, crowds.DEAF_IN_GATE, False)),
    "bodies": sized(crowds.bodies, (crowds.BODIES,), (crowds.BODIES,)),
    "trickle": sized(slow.trickle, (True,), (False,)),
    "large": sized(slow.large, (), ()),
    "crowded": sized(crowded.run, (crowded.NODES, crowded.PODS_LONG), (crowded.NODES_IN_GATE, crowded.PODS_IN_GATE)),
    "fuzz": lambda given: fuzz_scene.run(given.troupe, given.folder, given.seed, given.requests or (FUZZ_LONG if given.long else FUZZ_IN_GATE)),
}
__all__ = ["Failed", "PLANTS", "SCENES"]
