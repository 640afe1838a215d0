"""Headings of several fields that stand together where no one of them is most of a group."""

TABLE = """
    3D Vision: 3D, three-dimensional
    Benchmarks and Evaluation: benchmark, benchmarking, evaluation framework, evaluation benchmark, leaderboard
    Medicine and Health: healthcare, clinical, patient, medical, hospital, clinician, health care, physician, disease
    Natural Language Processing: natural language processing, NLP, corpus, corpora, annotation + text
"""
"""A family's own cues."""

FAMILIES = """
    3D Vision: Gaussian Splatting, Novel View Synthesis, 3D Reconstruction, 3D Generation, 3D Scene Generation, 3D
      Scene Understanding, Point Clouds, Shape Analysis and Meshes, Depth Estimation, Visual Localization and SLAM, 6D
      Object Pose Estimation, LiDAR Perception, Occupancy and Bird's-Eye-View Perception, Optical Flow and Motion
      Estimation
    Graphics and Rendering: Neural Rendering and Graphics, Scene Relighting and Materials, Textures and Materials,
      Vector Graphics and Graphic Design, Physical Simulation, Shape Analysis and Meshes, CAD and Engineering Design,
      Gaussian Splatting, Novel View Synthesis, 3D Generation, Visual Text Rendering, Data Visualization
    Image and Video Generation: Text-to-Image Generation, Image Generation, Image Editing, Personalized Image
      Generation, Style Transfer, Video Generation, Video Editing, Diffusion Models, Diffusion Sampling and
      Distillation, Virtual Try-On and Fashion, Camera Control in Video Generation, Physics in Generated Video, Visual
      Text Rendering, Image Tokenizers and Autoencoders, Talking Heads and Avatars, Human Image Animation, Concept
      Erasure and Safe Image Generation, Scene Relighting and Materials, Image Matting and Harmonization
    Faces, Bodies and Human Motion: Human Pose Estimation, Human Motion Generation, Hands and Hand-Object Interaction,
      Human-Object Interaction, Talking Heads and Avatars, Human Image Animation, Face Recognition and Analysis,
      Facial Expressions and Emotion, Person Re-Identification and Gait, Biometrics, Virtual Try-On and Fashion, Sign
      Language, Action Recognition, Eye Tracking and Saliency
    Object Detection and Tracking: Object Detection, Object Tracking, Object Counting, LiDAR Perception, Traffic and
      Surveillance Video, Camouflaged and Salient Objects, Drone and Aerial Vision
    Driving, Traffic and Navigation: Autonomous Driving, Occupancy and Bird's-Eye-View Perception, LiDAR Perception,
      Trajectory Prediction, Traffic and Surveillance Video, Visual Localization and SLAM, Embodied AI and Navigation,
      Drone and Aerial Vision, Traffic and Transportation, Unmanned Aerial Vehicles
    Image Recognition and Segmentation: Image Segmentation, Image Classification, Semantic Segmentation, Object
      Detection, Open-Vocabulary Recognition, Visual Anomaly Detection, Camouflaged and Salient Objects, Video Object
      Segmentation, Vision Transformers and Backbones, Object Counting, Industrial Inspection, Plant and Crop Vision
    Image Restoration and Quality: Image Restoration, Image Super-Resolution, Low-Light Image Enhancement, Image
      Quality Assessment, Computational Photography, Image Fusion, Image and Video Compression, Frame Interpolation
      and Video Restoration, Inverse Problems in Imaging, Lensless and Computational Imaging, Infrared and Thermal
      Imaging, Hyperspectral Imaging, Underwater Vision, MRI and CT Reconstruction
    Medicine and Health: Medical Imaging, Medical Image Segmentation, MRI and CT Reconstruction, Brain Imaging, Chest
      X-Rays and Radiology Reports, Digital Pathology, Retinal Imaging, Skin Lesion Analysis, Ultrasound Imaging,
      Surgical and Endoscopic Vision, Cancer Imaging, Dental Imaging, Cardiac Imaging, Medical Vision-Language Models,
      Microscopy and Cell Imaging, Clinical and Medical Language Models, Mental Health, Biomedical Text Mining,
      Clinical Prediction and Health Records, Clinical Decision Support, Public Health and Epidemiology, Oncology,
      Physiological Signals, Genomics and Single-Cell Biology, Alzheimer's Disease and Dementia, Rehabilitation and
      Movement, Rare Diseases and Genetics
    Vision and Language: Vision-Language Models, Multimodal LLMs, Multimodal Reasoning, Spatial Reasoning, Visual
      Question Answering, Image Captioning, Visual Grounding, Hallucination in Vision-Language Models, Unified
      Multimodal Models, Efficient Vision-Language Models, Prompt Learning for Vision-Language Models, Video
      Understanding, Composed and Cross-Modal Retrieval, Multimodal Benchmarks, Charts and Tables, Open-Vocabulary
      Recognition, Medical Vision-Language Models, Scene Graphs, Video Retrieval and Moment Localization
    Video and Action Understanding: Video Understanding, Video Retrieval and Moment Localization, Action Recognition,
      Egocentric Vision, Sports Video, Video Object Segmentation, Object Tracking, Audio-Visual Learning
    Documents, Charts and Tables: Documents and OCR, Charts and Tables, Table Understanding, Visual Text Rendering
    Retrieval and Question Answering: Question Answering, Retrieval-Augmented Generation, Information Retrieval, Text
      Embeddings, Deep Research and Search Agents, Recommender Systems, Composed and Cross-Modal Retrieval
    Knowledge Graphs and Information Extraction: Knowledge Graphs, Information Extraction, Named Entity Recognition,
      Text-to-SQL and Databases, Table Understanding, Knowledge Representation and Logic, Graph Neural Networks,
      Structured Generation and Parsing
    Multilingual NLP and Linguistics: Multilingual NLP, Low-Resource Languages, Machine Translation, Arabic NLP,
      Linguistics and Grammar, Lexical Semantics, Psycholinguistics and Human Language, Tokenization, Sociolinguistics
      and Dialects, Grammatical Error Correction, Digital Humanities and Historical Texts, Text Simplification and
      Style, Named Entity Recognition, Figurative Language and Humor, Child Development and Language Acquisition
    Social Media, News and Opinion: Sentiment and Emotion Analysis, Hate Speech and Online Harm, Misinformation and
      Fact-Checking, Social Media Analysis, Political Text and Opinion, News and Journalism, Opinion and Survey
      Simulation, Persuasion and Argumentation, Topic Modeling, Text Classification
    Safety, Security and Privacy: LLM Safety, Jailbreak Attacks and Defenses, Prompt Injection and Agent Security,
      Adversarial Attacks and Robustness, Backdoor Attacks and Data Poisoning, Machine Unlearning, Model Security and
      Intellectual Property, Privacy-Preserving Learning, Privacy and Memorization in LLMs, Deepfake Detection, Image
      Watermarking, Watermarking, Detection of AI-Generated Text, Network and Systems Security, Cryptography and
      Blockchain, Software Vulnerabilities, AI Safety and Alignment, Biometrics, Federated Learning, Knowledge Editing
      and Unlearning, Hate Speech and Online Harm, Concept Erasure and Safe Image Generation
    Bias, Culture and Values: Bias and Fairness in Language Models, Cultural Alignment and Values, Moral Reasoning and
      Values, Fairness in Machine Learning, Political Text and Opinion, Hate Speech and Online Harm, Opinion and
      Survey Simulation
    LLM Training and Alignment: LLM Alignment, Reward Models, Instruction Tuning, Parameter-Efficient Fine-Tuning, LLM
      Pre-Training, Training Data for Language Models, Knowledge Distillation of LLMs, Model Merging, Reinforcement
      Learning for LLM Reasoning, Scaling Laws, Optimization for Deep Learning
    LLM Reasoning and Mathematics: LLM Reasoning, Reinforcement Learning for LLM Reasoning, Mathematical Reasoning,
      Efficient Reasoning, Test-Time Scaling, Theorem Proving, Logical and Commonsense Reasoning, Causal Reasoning
      with LLMs, ARC and Abstract Reasoning
    LLM Agents and Tools: LLM Agents, Multi-Agent LLM Systems, Tool Use, GUI Agents, Agent Memory, Deep Research and
      Search Agents, Agent Evaluation and Benchmarks, Multi-Agent Systems, Workflow and Process Automation, Data
      Science Agents and Analytics, AI for Scientific Discovery
    Code and Software: Code Generation, Software Engineering, Text-to-SQL and Databases, Software Vulnerabilities,
      Hardware and Chip Design, Compilers and High-Performance Computing, Theorem Proving
    Efficient Models and Inference: Efficient LLM Inference, KV Cache Compression, Speculative Decoding, LLM
      Quantization and Compression, Sparse and Linear Attention, Mixture of Experts, Model Compression, Quantization
      and Pruning, Efficient Vision-Language Models, Diffusion Sampling and Distillation, Efficient Deep Learning on
      Devices, Neural Architecture Search, Quantization of Vision Models, Long-Context Language Models, Distributed
      Training and Systems, Knowledge Distillation, Parameter-Efficient Fine-Tuning, Efficient Reasoning, Hardware and
      Chip Design, Spiking Neural Networks and Neuromorphic Computing
    Robotics and Embodied AI: Robot Learning, Robot Manipulation, Vision-Language-Action Models, Embodied AI and
      Navigation, Embodied Agents, Legged and Humanoid Robots, Motion Planning and Control, Human-Robot Interaction,
      Multi-Robot Systems, Unmanned Aerial Vehicles, World Models
    Speech, Audio and Music: Speech Recognition, Speech Synthesis, Spoken Language Models, Speech Processing, Speech
      Emotion Recognition, Audio Understanding and Generation, Music, Audio-Visual Learning, Audio Signal Processing,
      Bioacoustics
    AI and Society: AI Governance and Policy, AI Ethics and Society, Education and Tutoring, Legal NLP, Generative AI
      in Work and Society, Philosophy of AI, Human-Computer Interaction, Human-AI Collaboration, Public Sector and
      Government, AI Safety and Alignment, Artificial General Intelligence, Fairness in Machine Learning, Human
      Resources and Hiring, Economics and Markets
    Dialogue, Personas and Social Simulation: Dialogue Systems, Role-Play and Personas, Personalization of LLMs, User
      Simulation and Social Simulation, Mental Health, Creative Writing and Storytelling, Persuasion and
      Argumentation, Theory of Mind and Social Reasoning, Psychology and Cognitive Science, Sentiment and Emotion
      Analysis, Language Model Games and Strategy, Cognitive Modeling with LLMs
    Domain Shift and Limited Labels: Transfer Learning and Domain Adaptation, Domain Adaptation and Generalization,
      Test-Time Adaptation, Few-Shot Learning, Semi-Supervised and Weakly Supervised Learning, Learning with Noisy
      Labels, Long-Tailed and Imbalanced Learning, Active Learning and Annotation, Continual Learning,
      Out-of-Distribution Detection, Self-Supervised Learning, Prompt Learning for Vision-Language Models,
      Open-Vocabulary Recognition, Multi-View and Multimodal Fusion, Contrastive and Representation Learning, Data
      Augmentation and Synthetic Data, Federated Learning, Dataset Distillation, Composed and Cross-Modal Retrieval,
      Knowledge Distillation
    Machine Learning Methods and Theory: Reinforcement Learning, Graph Neural Networks, Optimization for Deep
      Learning, Learning Theory, Deep Learning Theory, Bayesian Methods and Uncertainty, Causal Inference and
      Discovery, Clustering and Dimensionality Reduction, Generative Modeling, Tabular Data, Time Series, Anomaly
      Detection, Neural Network Architectures, Transformers and Attention, Federated Learning, Continual Learning,
      Hyperparameters and Model Selection, Explainable AI, Neural Operators and Scientific Machine Learning, Spiking
      Neural Networks and Neuromorphic Computing, Statistics, Numerical Methods and Linear Algebra, Equivariance and
      Geometric Deep Learning, Optimal Transport, Topology and Geometry, State Space Models, Contrastive and
      Representation Learning, Neural Architecture Search, Evolutionary Computation
    Planning, Logic and Optimization: Automated Planning, Search and Pathfinding, Constraint Solving and
      Satisfiability, Knowledge Representation and Logic, Neuro-Symbolic AI, Combinatorial Optimization, Evolutionary
      Computation, Game Theory and Mechanism Design, Theorem Proving, Multi-Agent Reinforcement Learning, Causal
      Inference and Discovery, Logical and Commonsense Reasoning, Multi-Agent Systems, Quantum Computing
    Natural Sciences: Molecules and Drug Discovery, Proteins, Genomics and Single-Cell Biology, Materials Science,
      Chemistry, Physics, Astronomy, Fluid Dynamics, Neuroscience, Earth and Geoscience, Climate and Weather, Ecology
      and Biodiversity, Neural Operators and Scientific Machine Learning, Optics and Photonics, AI for Scientific
      Discovery
    Earth, Climate and Agriculture: Remote Sensing, Hyperspectral Imaging, Change Detection, Climate and Weather,
      Earth and Geoscience, Ecology and Biodiversity, Environment and Sustainability, Agriculture, Plant and Crop
      Vision, Disaster Response, Wildlife and Animals, Drone and Aerial Vision, Underwater Vision, Geo-Localization
    Brain and Body Signals: EEG and Brain-Computer Interfaces, Neuroscience, Physiological Signals, Image and Video
      Brain Decoding, Wearables and Human Activity Sensing, Brain Imaging, Rehabilitation and Movement
    Interpretability and Model Behavior: Language Model Interpretability, In-Context Learning, Explainable AI,
      Cognitive Modeling with LLMs, Hallucination in LLMs, Uncertainty and Calibration in LLMs, Knowledge Editing and
      Unlearning, Prompt Engineering, Deep Learning Theory, Privacy and Memorization in LLMs, Scaling Laws
    Industry, Transport and Energy: Traffic and Transportation, Urban Computing and Mobility, Power Systems and
      Energy, Buildings and Construction, Wireless Networks and Communications, Internet of Things and Edge Computing,
      Manufacturing and Industry, Supply Chains and Logistics, Fault Diagnosis and Maintenance, Aerospace and Space,
      Maritime Applications, Control Systems, Radar and Signal Processing, Industrial Inspection, Wearables and Human
      Activity Sensing, Agriculture, Time Series, Unmanned Aerial Vehicles, CAD and Engineering Design, Finance and
      Economics, Insurance and Risk, Hardware and Chip Design
    LLM Evaluation and Reliability: LLM Evaluation, LLM-as-a-Judge, Hallucination in LLMs, Uncertainty and Calibration
      in LLMs, Bias and Fairness in Language Models, Agent Evaluation and Benchmarks, Benchmarks and Evaluation
      Methods, Prompt Engineering, Instruction Tuning
    LLM Applications: Legal NLP, Finance and Economics, Education and Tutoring, Clinical and Medical Language Models,
      E-Commerce, Customer Service and Industry LLMs, Text-to-SQL and Databases, Scientific Literature and Peer
      Review, Software Engineering, Mental Health, Human Resources and Hiring, Human-AI Collaboration, Generative AI
      in Work and Society, AI for Scientific Discovery, News and Journalism, Biomedical Text Mining, Tourism and
      Travel, Dialogue Systems, Political Text and Opinion, Social Media Analysis, Hate Speech and Online Harm,
      Misinformation and Fact-Checking, Public Sector and Government, Disaster Response, Summarization, Sentiment and
      Emotion Analysis, Recommender Systems, Creative Writing and Storytelling
    Network Architectures and Representations: Vision Transformers and Backbones, Sparse and Linear Attention, State
      Space Models, Neural Network Architectures, Transformers and Attention, Model Compression, Contrastive and
      Representation Learning, Multi-View and Multimodal Fusion, Neural Architecture Search, Spiking Neural Networks
      and Neuromorphic Computing, Self-Supervised Learning, Neural Fields, Image Classification, Knowledge
      Distillation, Equivariance and Geometric Deep Learning
    Uncertainty, Causality and Explanation: Bayesian Methods and Uncertainty, Causal Inference and Discovery,
      Explainable AI, Statistics, Fairness in Machine Learning, Learning Theory, Language Model Interpretability,
      Uncertainty and Calibration in LLMs, Causal Reasoning with LLMs, Anomaly Detection, Out-of-Distribution
      Detection
    Applied Machine Learning: Industrial Inspection, Traffic and Surveillance Video, Plant and Crop Vision, Food
      Images and Nutrition, Wildlife and Animals, Sports Video, Biometrics, Remote Sensing, Agriculture, Manufacturing
      and Industry, Power Systems and Energy, Buildings and Construction, Traffic and Transportation, Urban Computing
      and Mobility, Maritime Applications, Aerospace and Space, Climate and Weather, Environment and Sustainability,
      Disaster Response, Finance and Economics, Clinical Prediction and Health Records, Wearables and Human Activity
      Sensing, Fault Diagnosis and Maintenance, Supply Chains and Logistics, Insurance and Risk, Tabular Data, Time
      Series, Object Counting, Drone and Aerial Vision, Bioacoustics, Education and Tutoring, Cultural Heritage and
      Art, Ecology and Biodiversity, Games, Human Resources and Hiring, Physiological Signals, Efficient Deep Learning
      on Devices, Wireless Networks and Communications, Network and Systems Security, Facial Expressions and Emotion,
      Medicine and Health, Control Systems
"""
"""Family -> headings; a family is true for a paper that one of them is true for."""
