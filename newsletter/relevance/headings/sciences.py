"""Headings of the natural, medical, mathematical and social sciences."""

TABLE = """
    Molecules and Drug Discovery: drug discovery, molecule, molecular, drug design, ligand, docking, molecular
      generation, drug-target, drug, small molecule
    Proteins: protein, protein structure, protein language model, antibody, enzyme, amino acid, peptide
    Genomics and Single-Cell Biology: genomic, genome, single-cell, DNA, gene expression, RNA, transcriptomic, gene,
      spatial transcriptomics
    Materials Science: materials science, crystal, materials discovery, alloy, material property, inorganic,
      metal-organic, materials design
    Chemistry: chemistry, chemical, reaction prediction, retrosynthesis, catalyst, spectroscopy, chemical reaction,
      mass spectrometry
    Neuroscience: neuroscience, neural activity, visual cortex, cortical, brain network, spiking activity, fMRI,
      hippocampus, brain region, functional connectivity
    EEG and Brain-Computer Interfaces: EEG, brain-computer interface, electroencephalography, BCI, brain signal, MEG,
      neural decoding
    Physiological Signals: ECG, electrocardiogram, physiological signal, photoplethysmography, PPG, rPPG, heart rate,
      sleep stage, EMG, biosignal
    Alzheimer's Disease and Dementia: Alzheimer, dementia, cognitive impairment, cognitive decline
    Clinical Prediction and Health Records: electronic health record, EHR, clinical prediction, patient outcome, ICU,
      mortality prediction, clinical decision, risk prediction + patient, intensive care, survival analysis, clinical
      trial
    Clinical Decision Support: clinical decision, diagnosis, diagnostic + clinical, clinician, triage, clinical
      reasoning, medical reasoning
    Public Health and Epidemiology: public health, epidemic, COVID-19, epidemiology, pandemic, vaccine, infectious
      disease
    Oncology: cancer, oncology, radiotherapy, radiation therapy, oncologic
    Radiotherapy: radiotherapy, radiation therapy, dose prediction
    Diabetes and Nutrition: diabetes, glucose, nutrition, diet
    Climate and Weather: climate, weather, precipitation, meteorological, weather forecasting, atmospheric, climate
      change, nowcasting, rainfall
    Earth and Geoscience: geoscience, geological, seismic, hydrology, remote sensing + hydrological, subsurface, earth
      system, geology, ocean
    Ecology and Biodiversity: biodiversity, ecology, species, ecological, forest, conservation, wildlife
    Environment and Sustainability: sustainability, carbon emissions, environmental impact, air quality, energy
      consumption, carbon footprint, pollution, water quality
    Astronomy: astronomy, galaxy, astrophysics, telescope, stellar, cosmology, exoplanet, astronomical, gravitational
      wave
    Physics: quantum mechanics, particle physics, condensed matter, physicist, high-energy physics, plasma, lattice,
      physics problem, physics reasoning
    Fluid Dynamics: fluid dynamics, turbulence, Navier-Stokes, computational fluid, aerodynamic, CFD
    Optics and Photonics: optical, photonics, holography, metasurface, diffractive, lens design, optics, laser
    Lensless and Computational Imaging: computational imaging, lensless, inverse problem, phase retrieval, compressive
      imaging, snapshot compressive, single-pixel
    Inverse Problems in Imaging: inverse problem, phase retrieval, plug-and-play, tomography, compressive sensing,
      posterior sampling
    Tomography: tomography, tomographic, sinogram
    Topology and Geometry: topological data analysis, persistent homology, Riemannian, manifold learning, topological
    Numerical Methods and Linear Algebra: matrix factorization, tensor decomposition, low-rank, numerical method,
      linear algebra, tensor
    Statistics: statistical inference, hypothesis test, statistical estimation, statistical learning, confidence
      interval, regression model, maximum likelihood
    Economics and Markets: economics, economy, market, economic, pricing
    Social Networks and Social Science: social network, sociology, social science, community detection, information
      diffusion, network science, opinion dynamics
    Psychology and Cognitive Science: psychology, cognitive science, cognition, cognitive, psychological, human
      memory, personality
    Philosophy of AI: philosophy, philosophical, consciousness, epistemic, epistemology, ontology + philosophy
    Sociolinguistics and Dialects: dialect, sociolinguistic, dialectal, language variety
    Child Development and Language Acquisition: child language, language acquisition, infant, child-directed, BabyLM,
      developmental
    Rehabilitation and Movement: rehabilitation, gait analysis, Parkinson, biomechanics, exercise, motor impairment
    Veterinary and Animal Behavior: animal behavior, veterinary, animal, bioacoustics
    Bioacoustics: bioacoustics, bird sound, animal vocalization, birdsong
    Rare Diseases and Genetics: rare disease, phenotype, variant + genetic, genetic
    Traditional Medicine: traditional Chinese medicine, TCM, herbal
    Mathematics and Symbolic Computation: symbolic regression, symbolic computation, equation discovery, conjecture,
      mathematical discovery, combinatorics
"""
