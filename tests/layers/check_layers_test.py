#!/usr/bin/env python3
"""The layer check on sample trees: each rule finds its violation, and a good tree passes."""
import os
import tempfile
import unittest

import check_layers

GOOD = {
    "messages/codec/draft.hpp": "#pragma once\n#include <string>\n",
    "storage/engine.hpp": '#include "messages/codec/draft.hpp"\n',
    "storage/CMakeLists.txt": "troupe_library(storage_engine SOURCES a.cpp)\n",
    "runtime/host/role.hpp": '#include <caf/all.hpp>\n#include "messages/codec/draft.hpp"\n',
    "actors/client/informer.hpp": '#include "runtime/host/role.hpp"\n#include "messages/roles/store_generated.h"\n',
    "actors/store/shard_actor.hpp": '#include <caf/all.hpp>\n#include "storage/engine.hpp"\n',
    "actors/store/CMakeLists.txt": "troupe_library(store_role CAF SOURCES s.cpp LIBS storage_engine)\n",
    "actors/controllers/framework/queue.hpp": '#include "actors/client/informer.hpp"\n',
    "actors/controllers/deployment/rolling.cpp": '#include "actors/controllers/framework/queue.hpp"\n',
    "actors/host/role_table.cpp": '#include "actors/store/shard_actor.hpp"\n',
    "actors/host/CMakeLists.txt": "add_executable(troupe main.cpp)\ntarget_link_libraries(troupe store_role)\n",
}


class CheckLayers(unittest.TestCase):
    def problems(self, **changes):
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**GOOD, **changes.get("files", {})}.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return check_layers.check(root)[0]

    def expect(self, path, text, rule):
        problems = self.problems(files={path: text})
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(rule, problems[0])
        self.assertIn(path, problems[0])

    def test_a_good_tree_passes(self):
        self.assertEqual(self.problems(), [])

    def test_a_later_layer_is_found(self):
        self.expect("messages/codec/x.cpp", '#include "runtime/host/role.hpp"\n', "layer:")
        self.expect("runtime/host/x.cpp", '#include "actors/client/informer.hpp"\n', "layer:")
        self.expect("actors/client/x.cpp", '#include "actors/host/role_table.cpp"\n', "layer:")

    def test_storage_and_runtime_do_not_know_each_other(self):
        self.expect("storage/x.cpp", '#include "runtime/host/role.hpp"\n', "layer:")
        self.expect("runtime/host/x.cpp", '#include "storage/engine.hpp"\n', "storage:")

    def test_a_role_in_a_role_is_found(self):
        self.expect("actors/scheduler/x.cpp", '#include "actors/store/shard_actor.hpp"\n', "role:")
        self.expect("actors/controllers/namespace/x.cpp",
                    '#include "actors/controllers/deployment/rolling.cpp"\n', "role:")

    def test_storage_outside_the_store_is_found(self):
        self.expect("actors/apiserver/x.cpp", '#include "storage/engine.hpp"\n', "storage:")
        self.expect("actors/host/x.cpp", '#include "storage/engine.hpp"\n', "storage:")

    def test_links_are_checked_like_includes(self):
        self.expect("actors/proxy/CMakeLists.txt", "troupe_library(p SOURCES p.cpp LIBS store_role)\n", "role:")
        self.expect("actors/kubelet/CMakeLists.txt", "troupe_library(k SOURCES k.cpp LIBS storage_engine)\n", "storage:")
        self.assertEqual(self.problems(files={"actors/proxy/CMakeLists.txt": "# store_role is not linked\n"}), [])

    def test_caf_where_it_must_not_be_is_found(self):
        self.expect("messages/codec/x.hpp", "#include <caf/actor.hpp>\n", "caf:")
        self.expect("storage/x.hpp", '#  include "caf/actor.hpp"\n', "caf:")
        self.expect("actors/scheduler/rank.cpp", "#include <caf/all.hpp>\n", "caf:")

    def test_cycles_are_found(self):
        problems = self.problems(files={"messages/a.hpp": '#include "messages/b.hpp"\n',
                                        "messages/b.hpp": '#include "c.hpp"\n',
                                        "messages/c.hpp": '#include "messages/a.hpp"\n'})
        self.assertEqual(problems, ["cycle: messages/a.hpp -> messages/b.hpp -> messages/c.hpp -> messages/a.hpp"])


if __name__ == "__main__":
    unittest.main()
