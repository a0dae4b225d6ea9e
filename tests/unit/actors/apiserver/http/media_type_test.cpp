#include <catch2/catch.hpp>

#include "actors/apiserver/http/media_type.hpp"

using namespace actors::apiserver::http;

TEST_CASE("objects: what kubectl asks for, old and new") {
  CHECK(negotiate_object("") == object_form::object);
  CHECK(negotiate_object("*/*") == object_form::object);
  CHECK(negotiate_object("application/json") == object_form::object);
  CHECK(negotiate_object("application/vnd.kubernetes.protobuf,application/json") == object_form::object);
  CHECK(negotiate_object("application/vnd.kubernetes.protobuf, */*") == object_form::object);
  CHECK(negotiate_object("application/json;as=Table;v=v1;g=meta.k8s.io,application/"
                         "json;as=Table;v=v1beta1;g=meta.k8s.io,application/json") == object_form::table);
  CHECK(negotiate_object("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json") ==
        object_form::object);
  CHECK(negotiate_object("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1") ==
        object_form::metadata);
  CHECK(negotiate_object("application/json;q=0.5, application/json;as=Table;g=meta.k8s.io;v=v1;q=0.9") ==
        object_form::table);
  CHECK_FALSE(negotiate_object("text/html"));
  CHECK_FALSE(negotiate_object("application/json;q=0"));
  CHECK_FALSE(negotiate_object("application/json;as=Chair;v=v1;g=meta.k8s.io"));
}

TEST_CASE("discovery: the newest form that both know") {
  CHECK(
    negotiate_discovery("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/"
                        "json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json") ==
    discovery_form::aggregated_v2);
  CHECK(negotiate_discovery(
          "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json") ==
        discovery_form::aggregated_v2beta1);
  CHECK(negotiate_discovery(
          "application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList,application/json") ==
        discovery_form::plain);
  CHECK(negotiate_discovery("application/json, */*") == discovery_form::plain);
}
