// Validation of a pod spec and of a pod template.
#pragma once

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::pod_template {

/// `pod`: the metadata of the pod itself, null within a template. Some rules hold only for pods.
void validate_pod_spec(const draft& spec, const draft* pod_metadata, const path& spec_field, field_errors&);

/// Annotations that the API reads: pod-deletion-cost, mirror pods.
void validate_pod_annotations(const draft& annotations, const draft& spec, const path&, field_errors&);

/// `template` of a workload: labels, annotations, spec.
void validate_template(const draft& pod_template, const path&, field_errors&);

/// A template that a ReplicaSet or Deployment keeps running: matched by the selector, restartPolicy Always.
void validate_running_template(const draft& pod_template, const draft& selector, const path&, field_errors&);

} // namespace actors::apiserver::registry::pod_template
