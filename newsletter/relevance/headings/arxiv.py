"""What a section is called that is mostly of one arXiv category, where nothing nearer names it."""

CATEGORIES = {
    line.split(": ")[0].strip(): line.split(": ")[1]
    for line in """
    cs.AR: Computer Architecture
    cs.CC: Computational Complexity
    cs.CE: Computational Engineering
    cs.CG: Computational Geometry
    cs.CL: Natural Language Processing
    cs.CR: Security and Cryptography
    cs.CV: Computer Vision
    cs.CY: Computers and Society
    cs.DB: Databases
    cs.DC: Distributed and Parallel Computing
    cs.DL: Digital Libraries
    cs.DM: Discrete Mathematics
    cs.DS: Data Structures and Algorithms
    cs.ET: Emerging Technologies
    cs.FL: Formal Languages and Automata
    cs.GR: Computer Graphics
    cs.GT: Game Theory
    cs.HC: Human-Computer Interaction
    cs.IR: Information Retrieval
    cs.IT: Information Theory
    cs.LG: Machine Learning
    cs.LO: Logic in Computer Science
    cs.MA: Multi-Agent Systems
    cs.MM: Multimedia
    cs.MS: Mathematical Software
    cs.NA: Numerical Analysis
    cs.NE: Neural and Evolutionary Computing
    cs.NI: Networks and the Internet
    cs.OS: Operating Systems
    cs.PF: Performance of Computer Systems
    cs.PL: Programming Languages
    cs.RO: Robotics
    cs.SC: Symbolic Computation
    cs.SD: Sound and Audio
    cs.SE: Software Engineering
    cs.SI: Social and Information Networks
    cs.SY: Systems and Control
    econ: Economics
    eess.AS: Speech and Audio
    eess.IV: Image and Video Processing
    eess.SP: Signal Processing
    eess.SY: Systems and Control
    math.AG: Algebraic Geometry
    math.AP: Analysis of Partial Differential Equations
    math.AT: Algebraic Topology
    math.CO: Combinatorics
    math.CT: Category Theory
    math.DG: Differential Geometry
    math.DS: Dynamical Systems
    math.FA: Functional Analysis
    math.GR: Group Theory
    math.GT: Geometric Topology
    math.LO: Mathematical Logic
    math.NA: Numerical Analysis
    math.NT: Number Theory
    math.OC: Optimization and Control
    math.PR: Probability
    math.RT: Representation Theory
    math.ST: Statistics Theory
    math: Mathematics
    astro-ph.CO: Cosmology
    astro-ph.EP: Planets and Exoplanets
    astro-ph.GA: Galaxies
    astro-ph.HE: High-Energy Astrophysics
    astro-ph.IM: Astronomical Instruments and Methods
    astro-ph.SR: Stars and the Sun
    astro-ph: Astrophysics
    cond-mat.mtrl-sci: Materials Science
    cond-mat.stat-mech: Statistical Mechanics
    cond-mat.str-el: Strongly Correlated Electrons
    cond-mat.supr-con: Superconductivity
    cond-mat: Condensed Matter
    gr-qc: Gravitation and Cosmology
    hep-ex: Particle Physics Experiments
    hep-lat: Lattice Field Theory
    hep-ph: Particle Physics Phenomenology
    hep-th: High-Energy Theory
    nlin: Nonlinear Science
    nucl-ex: Nuclear Experiments
    nucl-th: Nuclear Theory
    physics.chem-ph: Chemical Physics
    physics.flu-dyn: Fluid Dynamics
    physics.geo-ph: Geophysics
    physics.med-ph: Medical Physics
    physics.optics: Optics
    physics.plasm-ph: Plasma Physics
    physics.soc-ph: Physics and Society
    physics: Physics
    q-bio.BM: Biomolecules
    q-bio.GN: Genomics
    q-bio.NC: Neurons and Cognition
    q-bio: Quantitative Biology
    q-fin: Quantitative Finance
    quant-ph: Quantum Physics
    stat.ME: Statistical Methods
    stat.ML: Machine Learning
    stat: Statistics
""".strip().split("\n")
}
"""Category, or archive for all its other categories -> heading; cs.AI says too little to be one."""
