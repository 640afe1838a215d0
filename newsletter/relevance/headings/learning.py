"""Headings of machine learning, its theory and its security."""

TABLE = """
    Reinforcement Learning: reinforcement learning, policy gradient, Q-learning, actor-critic, reward shaping, MDP,
      Markov decision process, offline RL, bandit
    Offline Reinforcement Learning: offline reinforcement learning, offline RL
    Multi-Agent Reinforcement Learning: multi-agent reinforcement learning, MARL, multi-agent RL
    Bandits and Online Learning: bandit, regret bound, online learning, regret
    Imitation Learning: imitation learning, behavior cloning, inverse reinforcement learning, learning from
      demonstrations
    Graph Neural Networks: graph neural network, GNN, graph learning, node classification, graph transformer, graph
      representation, graph contrastive, message passing, hypergraph
    Federated Learning: federated learning, federated
    Privacy-Preserving Learning: differential privacy, privacy-preserving, membership inference, privacy, homomorphic
      encryption
    Continual Learning: continual learning, class-incremental, catastrophic forgetting, lifelong learning, incremental
      learning
    Transfer Learning and Domain Adaptation: domain adaptation, domain generalization, transfer learning, test-time
      adaptation, domain shift, distribution shift
    Domain Adaptation and Generalization: domain adaptation, domain generalization, domain shift, unsupervised domain
    Test-Time Adaptation: test-time adaptation, test-time training
    Few-Shot Learning: few-shot learning, few-shot classification, meta-learning, few-shot
    Semi-Supervised and Weakly Supervised Learning: semi-supervised, weakly supervised, pseudo-label, weak supervision
    Learning with Noisy Labels: noisy label, label noise
    Long-Tailed and Imbalanced Learning: long-tailed, class imbalance, imbalanced
    Active Learning and Annotation: active learning, annotation cost, crowdsourcing, data annotation, annotator,
      inter-annotator
    Self-Supervised Learning: self-supervised, contrastive learning, representation learning, masked autoencoder
    Contrastive and Representation Learning: contrastive learning, representation learning, disentangled representation
    Multi-Task Learning: multi-task learning, multitask
    Knowledge Distillation: knowledge distillation, distillation, teacher-student, student model, teacher model
    Model Compression: model compression, network pruning, structured pruning, quantization, pruning, low-bit,
      lightweight model
    Quantization and Pruning: quantization, pruning, low-bit, sparsity
    Efficient Deep Learning on Devices: edge device, on-device, embedded device, hardware-aware, mobile device, FPGA,
      edge computing, microcontroller
    Neural Architecture Search: neural architecture search, architecture search, AutoML, hyperparameter optimization,
      NAS
    Optimization for Deep Learning: optimizer, stochastic gradient descent, SGD, convergence rate, learning rate,
      gradient descent, convex optimization, Adam optimizer
    Learning Theory: generalization bound, sample complexity, learning theory, theoretical analysis, PAC, expressivity,
      kernel method, overparameterized, approximation theory, neural tangent kernel
    Deep Learning Theory: neural tangent kernel, loss landscape, feature learning, training dynamics, grokking,
      implicit bias
    Bayesian Methods and Uncertainty: Bayesian, uncertainty quantification, uncertainty estimation, conformal
      prediction, confidence calibration, calibration error, posterior, Gaussian process, probabilistic
    Causal Inference and Discovery: causal inference, causal discovery, treatment effect, causal graph, causal effect,
      counterfactual, structural causal, causal
    Explainable AI: explainable AI, XAI, explanation, saliency map, feature attribution, interpretability, Shapley,
      post-hoc explanation, explainability, concept bottleneck, counterfactual explanation
    Fairness in Machine Learning: fairness, algorithmic bias, group fairness, demographic parity, discrimination,
      demographic
    Adversarial Attacks and Robustness: adversarial attack, adversarial example, adversarial robustness, adversarial
      perturbation, adversarial training, attack success rate, robustness + attack, adversarial patch
    Backdoor Attacks and Data Poisoning: backdoor, data poisoning, poisoning attack, trojan
    Machine Unlearning: machine unlearning, unlearning
    Model Security and Intellectual Property: model stealing, model extraction, intellectual property, copyright,
      ownership verification, model fingerprint
    Time Series: time series, forecasting, temporal data, time-series
    Time Series Forecasting: time series forecasting, time series, forecasting
    Anomaly Detection: anomaly detection, outlier detection, fault detection, anomaly
    Tabular Data: tabular data, tabular, gradient boosting, XGBoost, decision tree, random forest
    Clustering and Dimensionality Reduction: clustering, dimensionality reduction, subspace clustering, spectral
      clustering, k-means, multi-view clustering
    Multi-View and Multimodal Fusion: multi-view learning, multimodal fusion, multimodal learning, missing modality,
      modality imbalance
    Generative Modeling: generative model, GAN, normalizing flow, variational autoencoder, energy-based, generative
      adversarial, flow matching
    Transformers and Attention: transformer architecture, self-attention, attention mechanism, positional encoding,
      rotary, state space model
    State Space Models: state space model, Mamba, SSM
    Spiking Neural Networks and Neuromorphic Computing: spiking neural network, SNN, neuromorphic, spike-based
    Neural Network Architectures: recurrent neural network, LSTM, Kolmogorov-Arnold, KAN, multilayer perceptron,
      activation function, neural architecture
    Evolutionary Computation: evolutionary algorithm, genetic algorithm, evolutionary, swarm, genetic programming,
      metaheuristic, particle swarm, multi-objective optimization
    Combinatorial Optimization: combinatorial optimization, vehicle routing, traveling salesman, integer programming,
      scheduling problem, mixed-integer, heuristic design, job shop
    Constraint Solving and Satisfiability: SAT solver, constraint programming, constraint satisfaction, satisfiability,
      answer set programming, MaxSAT, SMT, constraint solver
    Automated Planning: automated planning, classical planning, planner, PDDL, task planning, heuristic search,
      planning domain, path planning
    Search and Pathfinding: pathfinding, heuristic search, A* search, multi-agent path finding, Monte Carlo tree
      search, MAPF
    Knowledge Representation and Logic: knowledge representation, description logic, ontology, non-monotonic, logic
      programming, argumentation framework, semantic web, ontologies, OWL, formal logic, epistemic logic, belief
      revision, abstract argumentation
    Neuro-Symbolic AI: neuro-symbolic, neurosymbolic, symbolic reasoning, symbolic + neural, symbolic AI
    Game Theory and Mechanism Design: game theory, Nash equilibrium, mechanism design, auction, voting, game-theoretic,
      social choice, equilibrium
    Multi-Agent Systems: multi-agent system, multi-agent, swarm, coordination + agents, agent-based model, agent
      communication
    Hyperparameters and Model Selection: hyperparameter, model selection, AutoML, Bayesian optimization
    Data-Centric Machine Learning: data valuation, data quality, data augmentation, dataset + quality, coreset, data
      pruning, data attribution
    Data Augmentation and Synthetic Data: data augmentation, synthetic data, synthetic dataset, synthetic images, data
      synthesis
    Distributed Training and Systems: distributed training, GPU cluster, parallelism, GPU memory, training system, data
      center, communication overhead, GPU kernel
    Model Collapse and Synthetic Data: model collapse, recursive training
    Scaling Laws: scaling law, compute-optimal
    ARC and Abstract Reasoning: ARC-AGI, abstract reasoning, abstraction and reasoning, visual puzzles
    Recommender and Ranking Models: learning to rank, click-through, ranking model
    Neural Fields: implicit neural representation, neural field, INR
    Equivariance and Geometric Deep Learning: equivariant, equivariance, geometric deep learning, symmetry, group
      equivariant
    Optimal Transport: optimal transport, Wasserstein
    Neural Operators and Scientific Machine Learning: neural operator, physics-informed, PDE, partial differential
      equation, surrogate model, PINN, differential equation
    Artificial General Intelligence: AGI, artificial general intelligence, superintelligence, consciousness, general
      intelligence
    AI Safety and Alignment: AI safety, AI alignment, misalignment + AI safety, misalignment + LLM, alignment faking,
      sandbagging, scheming, deception, AI risk, catastrophic risk, AI control
    AI Governance and Policy: AI governance, regulation, AI policy, AI Act, responsible AI, accountability,
      policymaker, regulatory, AI ethics, ethical
    AI Ethics and Society: AI ethics, societal, responsible AI, ethical, trustworthy AI, user trust, public trust,
      trust in AI, societal impact, labor market
    Generative AI in Work and Society: generative AI, GenAI, ChatGPT, labor market, workplace, workforce, productivity
"""
