"""The life of a model: dataset, training, evaluation, gate, registry, deployment."""
